using System.Net;
using System.Net.Http.Json;
using System.Text;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Answers;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

public sealed class IdempotencyTests(AnswersFixture chancery) : IClassFixture<AnswersFixture>
{
    private const string Notice = "The notice period is 30 days for employees in their first year of work.";
    private const string Good = "The notice period is 30 days in the first year [1]. ";

    private static int s_questions;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_made_twice_under_one_key_is_made_once_and_answered_the_same()
    {
        var user = await chancery.SignUpAsync();
        var (key, name) = (NewKey(), Unique());

        using var first = await MakeCollectionAsync(user, key, name);
        using var second = await MakeCollectionAsync(user, key, name);

        var made = await KnowledgeApi.BodyAsync(first, HttpStatusCode.Created);
        var again = await KnowledgeApi.BodyAsync(second, HttpStatusCode.Created);
        Assert.Equal(made.GetRawText(), again.GetRawText());
        Assert.False(IsReplayed(first));
        Assert.True(IsReplayed(second));
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        var all = await KnowledgeApi.GetAsync(user, "/api/v1/collections");
        Assert.Single(all.Items(), item => KnowledgeApi.Text(item, "name") == name);
    }

    [Fact]
    public async Task A_key_goes_with_one_call_and_one_body()
    {
        var user = await chancery.SignUpAsync();
        var key = NewKey();
        using var first = await MakeCollectionAsync(user, key, Unique());

        using var otherBody = await MakeCollectionAsync(user, key, Unique());
        using var otherCall = await SendAsync(
            user.Http,
            key,
            "/api/v1/keys",
            JsonContent.Create(new { name = "nightly", role = "viewer" })
        );

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        foreach (var refused in new[] { otherBody, otherCall })
        {
            var problem = await KnowledgeApi.BodyAsync(refused, HttpStatusCode.UnprocessableEntity);
            Assert.Equal("idempotency-key-reused", KnowledgeApi.Text(problem, "code"));
        }
    }

    [Fact]
    public async Task A_refused_attempt_frees_its_key()
    {
        var user = await chancery.SignUpAsync();
        var (key, name) = (NewKey(), Unique());
        using var taken = await MakeCollectionAsync(user, NewKey(), name);

        using var refused = await MakeCollectionAsync(user, key, name);
        using var corrected = await MakeCollectionAsync(user, key, Unique());

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal(HttpStatusCode.Created, corrected.StatusCode);
        Assert.False(IsReplayed(corrected));
    }

    [Fact]
    public async Task A_secret_that_is_shown_once_is_shown_again_to_its_caller_and_stored_sealed()
    {
        var user = await chancery.SignUpAsync();
        var key = NewKey();
        var body = new { name = "nightly", role = "viewer" };

        using var first = await SendAsync(user.Http, key, "/api/v1/keys", JsonContent.Create(body));
        using var second = await SendAsync(user.Http, key, "/api/v1/keys", JsonContent.Create(body));

        var secret = KnowledgeApi.Text(await KnowledgeApi.BodyAsync(first, HttpStatusCode.Created), "key");
        var again = KnowledgeApi.Text(await KnowledgeApi.BodyAsync(second, HttpStatusCode.Created), "key");
        Assert.Equal(secret, again);
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        var kept = await connection.QuerySingleAsync<byte[]>(
            "SELECT answer FROM idempotency_keys WHERE tenant_id = @tenant",
            new { tenant = user.TenantId }
        );
        Assert.True(kept.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0);
    }

    [Fact]
    public async Task An_upload_that_is_sent_again_as_a_new_form_is_the_same_upload_and_another_file_is_not()
    {
        var user = await chancery.SignUpAsync();
        var key = NewKey();
        var file = Encoding.UTF8.GetBytes(
            "# Notes\n\n" + string.Concat(Enumerable.Repeat("Some words to read. ", 5000))
        );

        using var first = await SendAsync(user.Http, key, "/api/v1/docs", KnowledgeApi.Form(file, "notes.md"));
        using var second = await SendAsync(user.Http, key, "/api/v1/docs", KnowledgeApi.Form(file, "notes.md"));
        file[^1] = (byte)'!';
        using var other = await SendAsync(user.Http, key, "/api/v1/docs", KnowledgeApi.Form(file, "notes.md"));

        var made = await KnowledgeApi.BodyAsync(first, HttpStatusCode.Accepted);
        var again = await KnowledgeApi.BodyAsync(second, HttpStatusCode.Accepted);
        Assert.Equal(made.Id(), again.Id());
        Assert.True(IsReplayed(second));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Single((await KnowledgeApi.GetAsync(user, "/api/v1/docs")).Items());
    }

    [Fact]
    public async Task While_an_attempt_runs_its_key_is_in_use_and_afterwards_the_model_is_not_asked_again()
    {
        var (user, question) = await GivenAsync(new ScriptedReply(Good) { BeforeFirstByte = TimeSpan.FromSeconds(1) });
        var key = NewKey();

        var running = AskAsync(user, key, question, stream: false);
        await AccessApi.EventuallyAsync(() => Task.FromResult(AskedOf(question) == 1), TimeSpan.FromSeconds(20));
        using var tooSoon = await AskAsync(user, key, question, stream: false);
        using var first = await running;
        using var second = await AskAsync(user, key, question, stream: false);

        var problem = await KnowledgeApi.BodyAsync(tooSoon, HttpStatusCode.Conflict);
        Assert.Equal("idempotency-key-in-use", KnowledgeApi.Text(problem, "code"));
        Assert.NotNull(tooSoon.Headers.RetryAfter);
        Assert.Equal(await first.Content.ReadAsStringAsync(Cancel), await second.Content.ReadAsStringAsync(Cancel));
        Assert.True(IsReplayed(second));
        Assert.Equal(1, AskedOf(question));
    }

    [Fact]
    public async Task A_stream_whose_client_left_runs_to_its_end_and_is_given_whole_to_who_comes_back()
    {
        var (user, question) = await GivenAsync(
            new ScriptedReply(string.Concat(Enumerable.Repeat(Good, 10)))
            {
                BetweenChunks = TimeSpan.FromMilliseconds(20),
            }
        );
        var key = NewKey();
        using (var left = await AskAsync(user, key, question, stream: true))
        {
            await foreach (var happened in left.EventsAsync())
            {
                if (happened.Type == "text")
                {
                    break;
                }
            }
        }

        List<ChatEvent> whole = [];
        await AccessApi.EventuallyAsync(
            async () =>
            {
                using var back = await AskAsync(user, key, question, stream: true);
                if (back.StatusCode == HttpStatusCode.Conflict)
                {
                    return false;
                }

                Assert.True(IsReplayed(back));
                whole = await back.EventsAsync().ToListAsync(Cancel);
                return true;
            },
            TimeSpan.FromSeconds(30)
        );

        Assert.Equal("retrieval", whole[0].Type);
        Assert.Equal("done", whole[^1].Type);
        Assert.Equal("answered", ChatCalls.Text(whole[^1].Data, "outcome"));
        Assert.Equal(whole.TextOf(), ChatCalls.Text(whole[^1].Data, "answer"));
        Assert.Equal(1, AskedOf(question));
    }

    [Fact]
    public async Task An_answer_that_broke_off_is_not_remembered()
    {
        var (user, question) = await GivenAsync(
            new ScriptedReply(string.Concat(Enumerable.Repeat(Good, 8)))
            {
                Ending = StreamEnding.Reset,
                ChunksBeforeEnding = 6,
                BetweenChunks = TimeSpan.FromMilliseconds(30),
            }
        );
        var key = NewKey();
        using var broken = await AskAsync(user, key, question, stream: true);
        var events = await broken.EventsAsync().ToListAsync(Cancel);
        chancery.Scripts[question] = new ScriptedReply(Good);

        using var second = await AskAsync(user, key, question, stream: true);
        var again = await second.EventsAsync().ToListAsync(Cancel);

        Assert.Equal("error", events[^1].Type);
        Assert.False(IsReplayed(second));
        Assert.Equal("done", again[^1].Type);
    }

    [Fact]
    public async Task A_key_whose_attempt_died_with_its_server_is_free_after_its_lease()
    {
        var user = await chancery.SignUpAsync();
        var (key, name) = (NewKey(), Unique());
        var now = TimeProvider.System.GetUtcNow();
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(
            """
            INSERT INTO idempotency_keys (tenant_id, principal_id, key_sha256, call, attempt_id, state, lease_until, expires_at)
            VALUES (@tenant, @principal, @key, 'POST /api/v1/collections', gen_random_uuid(), 'running', @lease, @expires)
            """,
            new
            {
                tenant = user.TenantId,
                principal = user.UserId,
                key = IdempotencyStore.HashOf(key),
                lease = now.AddSeconds(20),
                expires = now.AddHours(24),
            }
        );

        using var tooSoon = await MakeCollectionAsync(user, key, name);
        await connection.ExecuteAsync(
            "UPDATE idempotency_keys SET lease_until = @past WHERE tenant_id = @tenant",
            new { past = now.AddSeconds(-1), tenant = user.TenantId }
        );
        using var later = await MakeCollectionAsync(user, key, name);

        Assert.Equal(HttpStatusCode.Conflict, tooSoon.StatusCode);
        Assert.Equal(HttpStatusCode.Created, later.StatusCode);
    }

    [Fact]
    public async Task A_day_later_a_key_is_forgotten()
    {
        var user = await chancery.SignUpAsync();
        using var first = await MakeCollectionAsync(user, NewKey(), Unique());
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        await connection.ExecuteAsync(
            "UPDATE idempotency_keys SET expires_at = expires_at - interval '25 hours' WHERE tenant_id = @tenant",
            new { tenant = user.TenantId }
        );

        var expired = await chancery
            .Services.GetRequiredService<IdempotencyStore>()
            .ExpireAsync(new TenantId(user.TenantId), Cancel);

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(1, expired);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("tab\there")]
    public async Task A_key_is_one_word_of_visible_characters(string key)
    {
        var user = await chancery.SignUpAsync();

        using var refused = await MakeCollectionAsync(user, key, Unique());

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task The_same_key_of_a_colleague_or_of_another_organisation_is_another_key()
    {
        var olga = await chancery.SignUpAsync();
        var colleague = await chancery.InviteAsync(olga, "editor");
        var stranger = await chancery.SignUpAsync("Globex");
        var (key, name) = (NewKey(), Unique());
        using var first = await MakeCollectionAsync(olga, key, name);

        using var ofColleague = await MakeCollectionAsync(colleague, key, name);
        using var ofStranger = await MakeCollectionAsync(stranger, key, name);

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        // The name is taken in the colleague's organisation: the call was really made.
        Assert.Equal(HttpStatusCode.Conflict, ofColleague.StatusCode);
        Assert.Equal(
            "name-taken",
            KnowledgeApi.Text(await KnowledgeApi.BodyAsync(ofColleague, HttpStatusCode.Conflict), "code")
        );
        Assert.Equal(HttpStatusCode.Created, ofStranger.StatusCode);
        Assert.False(IsReplayed(ofStranger));
    }

    private int AskedOf(string question) =>
        chancery.Model.Requests.Count(request => request.LastUserMessage == question);

    private async Task<(TestUser User, string Question)> GivenAsync(ScriptedReply reply)
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Notice);
        // Scripts go by the question; what makes it different must not be part of what is asked.
        var question = "How long is the notice period" + new string('?', Interlocked.Increment(ref s_questions));
        chancery.Scripts[question] = reply;
        return (user, question);
    }

    private static Task<HttpResponseMessage> AskAsync(TestUser user, string key, string question, bool stream) =>
        SendAsync(
            user.Http,
            key,
            "/api/v1/chat",
            JsonContent.Create(new { question, stream }),
            HttpCompletionOption.ResponseHeadersRead
        );

    private static Task<HttpResponseMessage> MakeCollectionAsync(TestUser user, string key, string name) =>
        SendAsync(user.Http, key, "/api/v1/collections", JsonContent.Create(new { name }));

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient http,
        string key,
        string path,
        HttpContent content,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await http.SendAsync(request, completion, Cancel);
    }

    private static bool IsReplayed(HttpResponseMessage response) => response.Headers.Contains("Idempotency-Replayed");

    private static string NewKey() => Guid.CreateVersion7().ToString();

    private static string Unique() => "u" + Guid.CreateVersion7().ToString("n");
}
