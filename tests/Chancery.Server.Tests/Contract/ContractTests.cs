using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Client;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Tests.Architecture;
using Chancery.Testing;
using Chancery.Testing.Contract;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Contract;

/// <summary>
/// The committed description of the API is what the server tells, and the committed client is what the generator makes of
/// it. <c>./run openapi</c> sets <c>CHANCERY_WRITE_CONTRACT</c> and has these tests write both instead.
/// </summary>
public sealed class ContractTests(ContractTests.Fixture chancery) : IClassFixture<ContractTests.Fixture>
{
    // Doing these twice is the same as doing them once, or makes nothing that anybody would miss.
    private static readonly string[] Repeatable =
    [
        "AddPasskey",
        "AddSamples",
        "AskForPasskey",
        "AskForPasskeyStepUp",
        "BeginTotp",
        "CancelEvalRun",
        "CancelRedTeamRun",
        "ChangeMyPassword",
        "ChangeSearchModel",
        // It reads what the issuer says just now.
        "CheckIdentityIssuer",
        "ConfirmTotp",
        "CountMessageTokens",
        "EstimateModelChange",
        // It changes nothing, and an archive is no answer to keep.
        "ExportOrganization",
        "LegacySearch",
        "Logout",
        "LogoutEverywhere",
        "MakeRecoveryCodes",
        // The protocol has no such key; its clients learn from the annotations of a tool whether it may be called again.
        "Mcp",
        "OrderErasure",
        "RenameTag",
        // Another use is another run.
        "RenderPrompt",
        "ReplayQuery",
        "ResetConversation",
        "RestoreContract",
        "RestoreConversation",
        "RestoreDocument",
        "Search",
        "SearchContracts",
        "SearchContractsAlias",
        "StepUp",
        "SwitchTenant",
        "TestAlertWebhook",
        "VerifyAudit",
    ];

    private static readonly string Description = Path.Combine(SourceTree.Root, "docs", "openapi.json");

    private static readonly string ClientFile = Path.Combine(
        SourceTree.Root,
        "src",
        "Chancery.Client",
        "Generated",
        "ChanceryClient.g.cs"
    );

    private static bool Writes => Environment.GetEnvironmentVariable("CHANCERY_WRITE_CONTRACT") == "1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_committed_description_and_client_are_those_of_this_server()
    {
        var served = await ServedAsync();
        var client = await ClientGenerator.MakeAsync(served);
        if (Writes)
        {
            await File.WriteAllTextAsync(Description, served, Cancel);
            await File.WriteAllTextAsync(ClientFile, client, Cancel);
        }

        const string remedy = " is not what the server tells now: run ./run openapi and commit what it writes.";
        Assert.True(served == await File.ReadAllTextAsync(Description, Cancel), "docs/openapi.json" + remedy);
        Assert.True(client == await File.ReadAllTextAsync(ClientFile, Cancel), "The generated client" + remedy);
    }

    [Fact]
    public async Task Every_example_is_as_its_own_schema_says()
    {
        var description = JsonNode.Parse(await File.ReadAllTextAsync(Description, Cancel))!.AsObject();
        var schemas = new ApiDescription(description);

        var examples = ExamplesOf(description).ToList();
        var faults = examples
            .Select(one => (one.Place, Fault: schemas.CheckExample(one.Schema, one.Example)))
            .Where(one => one.Fault is not null)
            .Select(one => $"{one.Place}: {one.Fault}");

        Assert.True(examples.Count > 200);
        Assert.True(!faults.Any(), "Recorded in other days (./run openapi --examples):\n" + string.Join("\n", faults));
    }

    [Fact]
    public void Every_POST_that_asks_who_calls_takes_an_Idempotency_Key_or_may_be_repeated_as_it_is()
    {
        var without = chancery
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route =>
                route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true
                && route.Metadata.GetMetadata<IAuthorizeData>() is not null
                && route.Metadata.GetMetadata<IdempotentRoute>() is null
            )
            .Select(route => route.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName)
            .Order(StringComparer.Ordinal);

        Assert.Equal(Repeatable, without);
    }

    [Fact]
    public void A_text_of_the_query_with_a_name_of_its_own_has_its_default_by_the_handlers_own_hand()
    {
        // The binding that the compiler writes gives such a parameter null where the query leaves it out, whatever its default is.
        var parameters = chancery
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.Select(route => route.Metadata.GetMetadata<MethodInfo>())
            .OfType<MethodInfo>()
            .SelectMany(handler => handler.GetParameters())
            .Where(parameter =>
                parameter.ParameterType == typeof(string)
                && parameter.DefaultValue is string
                && parameter.GetCustomAttribute<FromQueryAttribute>() is { Name: not null }
            )
            .Select(parameter => parameter.Name);

        Assert.Equal(["groupBy"], parameters);
    }

    [Fact]
    public async Task The_committed_client_speaks_with_the_server()
    {
        var user = await chancery.SignUpAsync();
        var client = new ChanceryClient(user.Http);
        const string terms = "# Terms\n\nThe notice period is sixty days.\n";
        using var file = new MemoryStream(Encoding.UTF8.GetBytes(terms));

        var uploaded = await client.UploadDocumentAsync(
            file: new FileParameter(file, "terms.md", "text/markdown"),
            title: "Terms",
            cancellationToken: Cancel
        );
        var seen = await client.WatchDocumentAsync(uploaded.Id, Cancel).ToListAsync(Cancel);
        var answer = await client
            .AskAsync(
                new ChatRequest { Question = "How long is the notice period?", Model = "extractive" },
                idempotencyKey: Guid.CreateVersion7().ToString(),
                Cancel
            )
            .ToListAsync(Cancel);
        var listed = await client.ListDocumentsAsync(state: ListedState.Ready, cancellationToken: Cancel);
        using var download = await client.DownloadVersionAsync(uploaded.Id, 1, Cancel);
        var missing = await Assert.ThrowsAnyAsync<ChanceryException>(() =>
            client.GetDocumentAsync(Guid.CreateVersion7(), Cancel)
        );
        var invalid = await Assert.ThrowsAnyAsync<ChanceryException>(() =>
            client.SearchAsync(new SearchRequest { Query = "", Limit = 5 }, Cancel)
        );

        Assert.Equal(VersionState.Ready, seen[^1].State);
        Assert.IsType<AnswerEvent.Retrieved>(answer[0]);
        var done = Assert.IsType<AnswerEvent.Done>(answer[^1]).Answer;
        Assert.Equal(AnswerOutcome.Answered, done.Outcome);
        Assert.Equal("Terms", Assert.Single(done.Citations).Title);
        Assert.Equal(uploaded.Id, Assert.Single(listed.Items).Id);
        Assert.Equal(terms, await new StreamReader(download.Stream).ReadToEndAsync(Cancel));
        Assert.Equal((HttpStatusCode.NotFound, "not-found"), (missing.StatusCode, missing.Code));
        Assert.False(string.IsNullOrEmpty(missing.TraceId));
        Assert.Contains("query", invalid.Errors.Keys);
    }

    private static IEnumerable<(string Place, JsonObject Schema, JsonNode Example)> ExamplesOf(
        JsonObject description
    ) =>
        from path in description["paths"]!.AsObject()
        from method in path.Value!.AsObject()
        from body in BodiesOf(method.Value!.AsObject())
        from content in body.Value["content"]?.AsObject() ?? []
        where content.Value!["example"] is not null && ApiDescription.IsJson(content.Key)
        select (
            $"{method.Key} {path.Key} {body.Name}",
            content.Value!["schema"]!.AsObject(),
            content.Value["example"]!
        );

    private static IEnumerable<(string Name, JsonNode Value)> BodiesOf(JsonObject operation) =>
        operation["responses"]!
            .AsObject()
            .Select(response => (response.Key, response.Value!))
            .Concat(operation["requestBody"] is { } request ? [("request", request)] : []);

    private async Task<string> ServedAsync()
    {
        using var client = chancery.Anonymous();
        var text = await client.GetStringAsync("/openapi/v1.json", Cancel);
        return JsonNode.Parse(text)!.ToJsonString(Pretty) + "\n";
    }

    private static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public sealed class Fixture : ChanceryFixture;
}
