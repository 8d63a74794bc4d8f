using System.Net;
using System.Net.Http.Json;
using Chancery.Server.Tests.Access;
using Chancery.Testing;

namespace Chancery.Server.Tests.Gateway;

/// <summary>Which models an organisation asks and allows: its own word and the operator's, on every way to a model.</summary>
public sealed class ModelPolicyTests(ModelPolicyTests.Fixture chancery) : IClassFixture<ModelPolicyTests.Fixture>
{
    private const string Address = "/api/v1/organization/models";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public sealed class Fixture : GatewayFixture
    {
        public Fixture() => Settings["OPERATOR_TOKEN"] = "an operator's token of some length";

        public Uri Other { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            Other = await StartReplicaAsync();
        }
    }

    [Fact]
    public async Task A_model_that_is_not_allowed_is_refused_on_every_way_and_offered_on_none()
    {
        var olga = await chancery.SignUpAsync();
        await SetAsync(olga, null, ["beta/m"]);
        var before = chancery.Alpha.ChatRequests.Count;

        var completion = await AskAsync(olga.Http, "alpha/m");
        using var message = await olga.Http.PostAsync(
            "/v1/messages",
            new
            {
                model = "alpha/m",
                max_tokens = 50,
                messages = new[] { new { role = "user", content = "Hello" } },
            }
        );
        using var chat = await olga.Http.PostAsync("/api/v1/chat", new { question = "What?", model = "alpha/m" });
        using var thought = await olga.Http.PostAsync(
            "/api/v1/reasoning",
            new { question = "Why?", model = "alpha/m" }
        );

        Assert.Equal((HttpStatusCode.Forbidden, "model_not_allowed"), (completion.Status, completion.ErrorCode));
        Assert.Contains("beta/m", completion.Error!.Value.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, message.StatusCode);
        Assert.Equal("model-not-allowed", await chat.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("model-not-allowed", await thought.CodeAsync(HttpStatusCode.Forbidden));
        var listed = (await IdsAsync(olga, "/v1/models", "data")).ToList();
        Assert.Contains("beta/m", listed);
        Assert.Contains("both", listed);
        Assert.DoesNotContain("alpha/m", listed);
        Assert.Equal(["beta/m", "extractive"], await IdsAsync(olga, "/api/v1/models", "items"));
        // A chain goes without what is not allowed, and so does what names nothing.
        Assert.Equal("beta/m", (await AskAsync(olga.Http, "both")).Header("X-Chancery-Model"));
        Assert.Equal("beta/m", (await AskAsync(olga.Http, "default")).Header("X-Chancery-Model"));
        Assert.Equal("beta/m", (await AskAsync(olga.Http, "both")).Header("X-Chancery-Model"));
        Assert.Equal(before, chancery.Alpha.ChatRequests.Count);
    }

    [Fact]
    public async Task Where_no_model_is_allowed_documents_are_quoted_and_nothing_else()
    {
        var olga = await chancery.SignUpAsync();
        await SetAsync(olga, null, []);

        var named = await AskAsync(olga.Http, "default");
        var chain = await AskAsync(olga.Http, "both");
        using var chat = await olga.Http.PostAsync("/api/v1/chat", new { question = "What does it say?" });

        Assert.Equal("model_not_allowed", named.ErrorCode);
        Assert.Equal("model_not_allowed", chain.ErrorCode);
        Assert.Equal("extractive", (await chat.ReadAsync()).GetProperty("model").GetString());
        Assert.Equal(["extractive"], await IdsAsync(olga, "/api/v1/models", "items"));
    }

    [Fact]
    public async Task The_organisations_default_is_asked_where_nothing_is_named()
    {
        var olga = await chancery.SignUpAsync();
        var neighbour = await chancery.SignUpAsync();
        await SetAsync(olga, "BETA/M", null);

        var models = await (await olga.Http.GetAsync("/api/v1/models", Cancel)).ReadAsync();
        using var chat = await olga.Http.PostAsync("/api/v1/reasoning", new { question = "Why is that so?" });

        Assert.Equal("beta/m", (await AskAsync(olga.Http, "default")).Header("X-Chancery-Model"));
        Assert.Equal("alpha/m", (await AskAsync(neighbour.Http, "default")).Header("X-Chancery-Model"));
        Assert.Equal("beta/m", (await chat.ReadAsync()).GetProperty("model").GetString());
        Assert.Equal(
            "beta/m",
            models
                .GetProperty("items")
                .EnumerateArray()
                .Single(one => one.GetProperty("default").GetBoolean())
                .GetProperty("id")
                .GetString()
        );
    }

    [Fact]
    public async Task Admins_choose_the_default_and_only_owners_what_is_allowed()
    {
        var olga = await chancery.SignUpAsync();
        var admin = await chancery.InviteAsync(olga, "admin");
        var viewer = await chancery.InviteAsync(olga, "viewer");
        await SetAsync(olga, null, ["alpha/m", "beta/m"]);

        using var list = await admin.Http.PutAsJsonAsync(Address, new { allowed_models = new[] { "alpha/m" } }, Cancel);
        using var chosen = await admin.Http.PutAsJsonAsync(
            Address,
            new { default_model = "both", allowed_models = new[] { "beta/m", "alpha/m" } },
            Cancel
        );
        using var viewed = await viewer.Http.PutAsJsonAsync(Address, new { default_model = "beta/m" }, Cancel);
        using var seen = await viewer.Http.GetAsync(Address, Cancel);

        Assert.Equal("owners-only", await list.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal(HttpStatusCode.OK, chosen.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, viewed.StatusCode);
        Assert.Equal("both", (await seen.ReadAsync()).GetProperty("default_model").GetString());
    }

    [Theory]
    [InlineData("""{"default_model":"no/such"}""", "default_model")]
    [InlineData("""{"default_model":"alpha/m","allowed_models":["beta/m"]}""", "default_model")]
    [InlineData("""{"default_model":"both","allowed_models":[]}""", "default_model")]
    [InlineData("""{"allowed_models":["no/such"]}""", "allowed_models")]
    [InlineData("""{"allowed_models":[null]}""", "allowed_models")]
    [InlineData("""{"allowed_models":["both"]}""", "allowed_models")]
    public async Task What_cannot_be_is_refused_and_says_what_can(string body, string field)
    {
        var olga = await chancery.SignUpAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await olga.Http.PutAsync(Address, content, Cancel);

        var problem = await response.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task The_operators_list_stands_above_the_organisations_own()
    {
        var olga = await chancery.SignUpAsync();
        await SetAsync(olga, null, ["alpha/m", "beta/m"]);
        using var operators = chancery.Anonymous();
        operators.DefaultRequestHeaders.Authorization = new("Bearer", chancery.Settings["OPERATOR_TOKEN"]);
        var address = $"/operator/tenants/{olga.TenantId}/models";

        using var set = await operators.PutAsJsonAsync(address, new { allowed_models = new[] { "beta/m" } }, Cancel);
        using var unknown = await operators.PutAsJsonAsync(
            $"/operator/tenants/{Guid.CreateVersion7()}/models",
            new { allowed_models = new[] { "beta/m" } },
            Cancel
        );
        using var missing = await operators.GetAsync(
            new Uri($"/operator/tenants/{Guid.CreateVersion7()}/models", UriKind.Relative),
            Cancel
        );
        await SetAsync(olga, null, null);

        Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("model_not_allowed", (await AskAsync(olga.Http, "alpha/m")).ErrorCode);
        using var seen = await operators.GetAsync(new Uri(address, UriKind.Relative), Cancel);
        var view = await seen.ReadAsync();
        Assert.Equal("beta/m", Assert.Single(view.GetProperty("operator_models").EnumerateArray()).GetString());
        Assert.False(view.TryGetProperty("allowed_models", out _));
    }

    [Fact]
    public async Task A_change_acts_on_the_other_servers_which_ask_no_database_for_it_otherwise()
    {
        var olga = await chancery.SignUpAsync();
        using var elsewhere = ChanceryFixture.Client(chancery.Other);
        elsewhere.DefaultRequestHeaders.Authorization = olga.Http.DefaultRequestHeaders.Authorization;
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(elsewhere, "alpha/m")).Status);
        // Behind the product's back: nobody tells of it, so nobody looks.
        await WriteAsync(olga.TenantId, "beta/m");
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(elsewhere, "alpha/m")).Status);

        await SetAsync(olga, null, ["beta/m"]);

        var until = TimeProvider.System.GetTimestamp();
        while ((await AskAsync(elsewhere, "alpha/m")).Status != HttpStatusCode.Forbidden)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(until) < TimeSpan.FromSeconds(10), "It was never heard of.");
            await Task.Delay(50, Cancel);
        }
    }

    private static async Task SetAsync(TestUser user, string? model, string[]? allowed)
    {
        using var response = await user.Http.PutAsJsonAsync(
            Address,
            new { default_model = model, allowed_models = allowed },
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static Task<Completion> AskAsync(HttpClient client, string model) =>
        Completion.AskAsync(
            client,
            new { model, messages = new[] { new { role = "user", content = $"Hello {Guid.CreateVersion7()}" } } },
            Cancel
        );

    private static async Task<IEnumerable<string?>> IdsAsync(TestUser user, string address, string member)
    {
        using var response = await user.Http.GetAsync(address, Cancel);
        return
        [
            .. (await response.ReadAsync())
                .GetProperty(member)
                .EnumerateArray()
                .Select(one => one.GetProperty("id").GetString()),
        ];
    }

    private async Task WriteAsync(Guid tenant, string allowed)
    {
        await using var command = chancery.Owner.CreateCommand(
            "INSERT INTO model_policies (tenant_id, allowed_models, changed_at) VALUES ($1, ARRAY[$2], now())"
        );
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = allowed });
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
