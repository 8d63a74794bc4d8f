using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Server.Platform.Redis;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Answers;

/// <summary>With logs in a file, all of them, so that the tests can look for a key there.</summary>
public sealed class LoggedAnswersFixture : AnswersFixture
{
    public LoggedAnswersFixture()
    {
        Settings["LOG_TO_FILE"] = "true";
        Settings["LOG_LEVEL"] = "Trace";
    }
}

/// <summary>Keys for model providers that people bring themselves.</summary>
public sealed class ProviderKeyTests(LoggedAnswersFixture chancery) : IClassFixture<LoggedAnswersFixture>
{
    private const string Path = "/api/v1/me/provider-keys";
    private const string Gpt = "openai/gpt-4.1-mini";
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_opens_the_providers_models_for_its_owner_only_and_is_nowhere_but_in_their_session()
    {
        var user = await GivenAsync();
        var colleague = await chancery.InviteAsync(user, "admin");
        // No shape that a mask would know.
        var key = "Owl" + Guid.CreateVersion7().ToString("n");
        var question = $"Whose key? {Guid.CreateVersion7()}";
        chancery.Scripts[question] = new ScriptedReply("The notice period is 30 days in the first year [1].");
        var before = await user.AskAsync(new { question, model = Gpt }, HttpStatusCode.BadRequest);
        var why = before.GetProperty("errors").GetProperty("model")[0].GetString();
        Assert.Contains("Enter your own OpenAI key", why, StringComparison.Ordinal);
        Assert.Contains(Missing(await user.GetAsync("/api/v1/models")), id => id == Gpt);

        var set = await SetAsync(user, key);
        var answer = await user.AskAsync(new { question, model = Gpt });

        Assert.Equal("answered", answer.Text("outcome"));
        Assert.Equal(Gpt, answer.Text("model"));
        var request = Assert.Single(chancery.Model.ChatRequests, one => one.LastUserMessage == question);
        Assert.Equal(key, request.ApiKey);
        Assert.Equal("gpt-4.1-mini", request.Model);
        var models = await user.GetAsync("/api/v1/models");
        Assert.DoesNotContain(Missing(models), id => id == Gpt);
        var listed = await user.GetAsync(Path);
        Assert.All([set, models, listed, answer], body => Assert.DoesNotContain(key, body.GetRawText()));
        Assert.True(IsSet(listed, "openai"));
        Assert.False(IsSet(listed, "groq"));

        await colleague.AskAsync(new { question, model = Gpt }, HttpStatusCode.BadRequest);
        Assert.False(IsSet(await colleague.GetAsync(Path), "openai"));
        Assert.False(await IsInDatabaseAsync(key));
        Assert.True(await IsInDatabaseAsync(question));
        Assert.DoesNotContain(key, await LogsAsync(), StringComparison.Ordinal);
        var stored = await StoredAsync(user);
        Assert.NotNull(stored);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(key))[..20], stored);
        Assert.DoesNotContain(key, stored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_dies_with_the_session_with_redis_and_at_its_owners_word()
    {
        var user = await GivenAsync();
        await SetAsync(user, "Owl-that-is-forgotten");
        await chancery.Services.GetRequiredService<RedisGateway>().RemoveAsync(PlaceOf(user));
        await user.AskAsync(new { question = "Hm?", model = Gpt }, HttpStatusCode.BadRequest);

        await SetAsync(user, "Owl-that-is-removed");
        using (await user.Http.DeleteAsync($"{Path}/openai", Cancel)) { }
        Assert.False(IsSet(await user.GetAsync(Path), "openai"));

        await SetAsync(user, "Owl-that-is-signed-out");
        Assert.NotNull(await StoredAsync(user));
        using var signedOut = await user.Http.PostAsync("/api/v1/auth/logout/everywhere", null, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, signedOut.StatusCode);
        Assert.Null(await StoredAsync(user));
        await user.GetAsync("/api/v1/me", HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_key_that_the_provider_refuses_is_said_so_and_nobody_else_notices()
    {
        var user = await GivenAsync();
        await SetAsync(user, "Owl-that-is-refused");
        var question = $"Refused? {Guid.CreateVersion7()}";
        chancery.Scripts[question] = ScriptedReply.Failing(401);

        var problem = await user.AskAsync(new { question, model = Gpt }, HttpStatusCode.BadRequest);
        var events = await user.StreamAsync(new { question, model = Gpt });

        Assert.Equal("provider-key-refused", problem.Text("code"));
        Assert.Contains("ChatGPT (OpenAI)", problem.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(["retrieval", "error"], events.Select(happened => happened.Type).Where(type => type != "ping"));
        Assert.Equal("provider-key-refused", events[^1].Data.Text("code"));
        var stored = await user.GetAsync($"/api/v1/conversations/{events[0].Data.Text("conversation_id")}");
        Assert.Equal("failed", stored.GetProperty("messages")[1].Text("outcome"));
        // The same model with a good key, at once.
        var other = await GivenAsync();
        await SetAsync(other, "Owl-that-is-good");
        var good = $"Good? {Guid.CreateVersion7()}";
        chancery.Scripts[good] = new ScriptedReply("The notice period is 30 days in the first year [1].");
        Assert.Equal("answered", (await other.AskAsync(new { question = good, model = Gpt })).Text("outcome"));
    }

    [Fact]
    public async Task Nonsense_is_refused_and_an_api_key_brings_none()
    {
        var user = await GivenAsync();
        foreach (var key in new[] { "", "short", "with a space in it", "naïve-characters", new string('x', 513) })
        {
            using var refused = await user.Http.PutAsJsonAsync($"{Path}/openai", new { key }, Cancel);
            Assert.True((await refused.ReadAsync(HttpStatusCode.BadRequest)).TryGetProperty("errors", out _));
        }

        using var unknown = await user.Http.PutAsJsonAsync($"{Path}/nobody", new { key = "Owl-of-nobody" }, Cancel);
        using var local = await user.Http.PutAsJsonAsync($"{Path}/ollama", new { key = "Owl-of-ollama" }, Cancel);
        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.NotFound],
            new[] { unknown.StatusCode, local.StatusCode }
        );
        using var made = await user.Http.PostAsJsonAsync("/api/v1/keys", new { name = "k", role = "admin" }, Cancel);
        using var program = chancery.Anonymous();
        program.DefaultRequestHeaders.Add("X-API-Key", (await made.ReadAsync(HttpStatusCode.Created)).Text("key"));
        using var forbidden = await program.PutAsJsonAsync($"{Path}/openai", new { key = "Owl-of-a-program" }, Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        using var models = await program.GetAsync("/api/v1/models", Cancel);
        Assert.Contains(Missing(await models.ReadAsync(HttpStatusCode.OK)), id => id == Gpt);
    }

    private static IEnumerable<string> Missing(JsonElement models) =>
        models.GetProperty("unavailable").EnumerateArray().Select(model => model.Text("id"));

    private static bool IsSet(JsonElement keys, string provider) =>
        keys.GetProperty("items")
            .EnumerateArray()
            .Single(key => key.Text("provider") == provider)
            .GetProperty("is_set")
            .GetBoolean();

    private static async Task<JsonElement> SetAsync(TestUser user, string key)
    {
        using var set = await user.Http.PutAsJsonAsync($"{Path}/openai", new { key }, Cancel);
        return await set.ReadAsync(HttpStatusCode.OK);
    }

    private Task<string?> StoredAsync(TestUser user) =>
        chancery
            .Services.GetRequiredService<RedisGateway>()
            .HashGetAsync(PlaceOf(user), "openai", TimeSpan.FromHours(1));

    private static string PlaceOf(TestUser user)
    {
        var claims = JsonSerializer.Deserialize<JsonElement>(Base64Url.DecodeFromChars(user.AccessToken.Split('.')[1]));
        return $"{{{user.TenantId}}}:provider-keys:{Guid.Parse(claims.Text("sid")):n}";
    }

    private async Task<bool> IsInDatabaseAsync(string text)
    {
        await using var command = chancery.Owner.CreateCommand(
            """
            SELECT bool_or(query_to_xml(format('SELECT * FROM %I.%I', schemaname, tablename), true, true, '')::text
                           LIKE '%' || $1 || '%')
            FROM pg_tables WHERE schemaname = 'public'
            """
        );
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = text });
        return (bool)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private async Task<string> LogsAsync()
    {
        var all = new StringBuilder();
        foreach (var file in Directory.GetFiles(chancery.Storage.DataDirectory, "*.log", SearchOption.AllDirectories))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            all.Append(await reader.ReadToEndAsync(Cancel));
        }

        Assert.True(all.Length > 1000, "There are no logs to look at.");
        return all.ToString();
    }

    private async Task<TestUser> GivenAsync()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        return user;
    }
}
