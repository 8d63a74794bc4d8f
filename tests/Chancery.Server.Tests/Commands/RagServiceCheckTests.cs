using System.Net;
using Chancery.Server.Commands.Doctor;
using Chancery.Server.Platform.LocalModels;
using Chancery.Server.Tests.Knowledge;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Commands;

/// <summary>What the doctor says of the Chancery that encodes for this one.</summary>
public sealed class RagServiceCheckTests(LocalModelFixture chancery) : IClassFixture<LocalModelFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_that_works_is_told_with_its_model_and_dimensions()
    {
        var user = await chancery.SignUpAsync();
        var key = (
            await user.PostAsync("/api/v1/keys", new { name = "encoder", role = "viewer" }, HttpStatusCode.Created)
        ).Text("key");

        var good = (await CheckAsync(chancery.Address.ToString(), key))!;

        Assert.Equal(Verdict.Good, good.Verdict);
        Assert.Contains(LocalModelCatalogue.Shipped.Models[0].Identity, good.Found, StringComparison.Ordinal);
        Assert.Contains("384 dimensions", good.Found, StringComparison.Ordinal);
        Assert.Null(await CheckAsync(null, key));
    }

    [Theory]
    [InlineData(null, "wants a key")]
    [InlineData("ck_wrong", "refuses the key")]
    public async Task A_key_that_is_not_taken_is_told(string? key, string why)
    {
        var found = (await CheckAsync(chancery.Address.ToString(), key))!;

        Assert.Equal(Verdict.Weak, found.Verdict);
        Assert.Contains(why, found.Found, StringComparison.Ordinal);
        Assert.Contains("RAG_SERVICE_KEY", found.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "http://somebody:secret@127.0.0.1:1/chancery/",
        Verdict.Weak,
        "http://127.0.0.1:1/chancery cannot be reached"
    )]
    [InlineData("encoders:8000", Verdict.Bad, "begins with http://")]
    public async Task An_address_that_leads_nowhere_is_told_without_what_is_secret_in_it(
        string address,
        Verdict verdict,
        string why
    )
    {
        var found = (await CheckAsync(address, "ck_any"))!;

        Assert.Equal(verdict, found.Verdict);
        Assert.Contains(why, found.Found, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", found.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("ck_any", found.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, """{"data":[{"embedding":[1,2,3]}],"model":"other@1"}""", "encodes with other@1, 3 dimensions")]
    [InlineData(200, """{"data":[]}""", "something else than vectors")]
    [InlineData(200, "<html>", "something else than vectors")]
    [InlineData(404, "", "answers 404")]
    [InlineData(429, "", "used up its embedding tokens")]
    [InlineData(503, "", "no model that works (503)")]
    public async Task An_answer_of_another_kind_is_told(int status, string body, string why)
    {
        await using var server = await ServeAsync(async context =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(body, Cancel);
        });

        var found = (await CheckAsync(AddressOf(server), "ck_any"))!;

        Assert.Equal(Verdict.Weak, found.Verdict);
        Assert.Contains(why, found.Found, StringComparison.Ordinal);
        Assert.NotNull(found.Mend);
    }

    [Fact]
    public async Task A_service_that_is_silent_is_not_waited_for()
    {
        await using var server = await ServeAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));

        var found = (await CheckAsync(AddressOf(server), "ck_any", TimeSpan.FromMilliseconds(200)))!;

        Assert.Contains("did not answer", found.Found, StringComparison.Ordinal);
    }

    private static async Task<Finding?> CheckAsync(string? address, string? key, TimeSpan? patience = null)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?> { ["RAG_SERVICE_URL"] = address, ["RAG_SERVICE_KEY"] = key }
            )
            .Build();
        using var http = new Chancery.Server.Platform.Http.OperatorHttp();
        return await new RagServiceCheck(configuration, http.Client, patience ?? TimeSpan.FromSeconds(30)).RunAsync(
            Cancel
        );
    }

    private static async Task<WebApplication> ServeAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(answer);
        await app.StartAsync(Cancel);
        return app;
    }

    private static string AddressOf(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
