using System.Globalization;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Gateway;

/// <summary>
/// What a provider can do wrong, each as a stream and not: the status, what the client read, how many attempts were made, who
/// answered, and what the ledger says.
/// </summary>
public sealed class FaultTests(GatewayFixture chancery) : IClassFixture<GatewayFixture>
{
    private const string Text = "Grüße: the notice period is thirty days, and 期間 is a word.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What happens, and what is expected of it as a stream and not as one.</summary>
    private sealed record Row(ScriptedReply Reply, Expected Streamed, Expected Whole, string Chain = "both");

    /// <param name="Answered">Who answered: alpha, beta, or nobody.</param>
    /// <param name="Attempts">Of the whole call.</param>
    /// <param name="Rows">Outcomes of the attempts in the ledger, in order.</param>
    private sealed record Expected(int Status, string Answered, int Attempts, string Rows, string? Error = null);

    private static Expected Alpha => new(200, "alpha", 1, "answered");

    private static Expected BetaAfterRetry => new(200, "beta", 3, "failed failed answered");

    private static Expected BetaAtOnce => new(200, "beta", 2, "failed answered");

    private static Expected BrokeOff(string code = "provider_broke_off") => new(200, "alpha", 1, "truncated", code);

    private static readonly ScriptedReply Late = new(Text)
    {
        ChunksBeforeEnding = 2,
        // What was said is read before the fault comes.
        BetweenChunks = TimeSpan.FromMilliseconds(80),
    };

    private static readonly Dictionary<string, Row> Table = new()
    {
        ["answers"] = new(new ScriptedReply(Text), Alpha, Alpha),
        ["refuses the connection"] = new(new ScriptedReply(), BetaAfterRetry, BetaAfterRetry, "unreachable"),
        ["stalls before the first byte"] = new(
            new ScriptedReply(Text) { BeforeFirstByte = TimeSpan.FromSeconds(30) },
            BetaAfterRetry,
            BetaAfterRetry
        ),
        ["stalls in the middle"] = new(
            Late with
            {
                Ending = StreamEnding.Stall,
            },
            BrokeOff("provider_timeout"),
            BetaAfterRetry
        ),
        ["resets"] = new(Late with { Ending = StreamEnding.Reset }, BrokeOff(), BetaAfterRetry),
        ["resets before content"] = new(
            Late with
            {
                Ending = StreamEnding.Reset,
                ChunksBeforeEnding = 0,
            },
            BetaAfterRetry,
            BetaAfterRetry
        ),
        ["truncates"] = new(Late with { Ending = StreamEnding.WithoutFinish }, BrokeOff(), BetaAfterRetry),
        ["sends malformed JSON"] = new(Late with { Ending = StreamEnding.MalformedJson }, BrokeOff(), BetaAfterRetry),
        ["reports an error in a 200"] = new(
            Late with
            {
                Ending = StreamEnding.ErrorObject,
            },
            BrokeOff(),
            BetaAfterRetry
        ),
        ["reports an error in a 200 before content"] = new(
            Late with
            {
                Ending = StreamEnding.ErrorObject,
                ChunksBeforeEnding = 0,
                EmptyDeltas = 5,
            },
            BetaAfterRetry,
            BetaAfterRetry
        ),
        ["401"] = new(ScriptedReply.Failing(401), BetaAtOnce, BetaAtOnce),
        ["403"] = new(ScriptedReply.Failing(403), BetaAtOnce, BetaAtOnce),
        ["404"] = new(
            ScriptedReply.Failing(404),
            new(404, "nobody", 1, "failed", "scripted_error"),
            new(404, "nobody", 1, "failed", "scripted_error")
        ),
        ["429"] = new(ScriptedReply.Failing(429), BetaAtOnce, BetaAtOnce),
        ["429 with seconds"] = new(ScriptedReply.Failing(429, TimeSpan.FromSeconds(7)), BetaAtOnce, BetaAtOnce),
        ["429 with a date"] = new(
            Told("Retry-After", DateTimeOffset.UnixEpoch.AddYears(200).ToString("R", CultureInfo.InvariantCulture)),
            BetaAtOnce,
            BetaAtOnce
        ),
        ["429 with milliseconds"] = new(Told("retry-after-ms", "1500"), BetaAtOnce, BetaAtOnce),
        ["429 with Azure's milliseconds"] = new(Told("x-ms-retry-after-ms", "1500"), BetaAtOnce, BetaAtOnce),
        ["500"] = new(ScriptedReply.Failing(500), BetaAfterRetry, BetaAfterRetry),
        ["503"] = new(ScriptedReply.Failing(503), BetaAfterRetry, BetaAfterRetry),
        ["drips"] = new(
            new ScriptedReply(Text) { BetweenChunks = TimeSpan.FromMilliseconds(50), ChunkLength = 4 },
            Alpha,
            Alpha
        ),
        ["says a wrong usage"] = new(new ScriptedReply(Text) { Usage = new ScriptedUsage(1_000_003, 7) }, Alpha, Alpha),
        ["says no usage"] = new(new ScriptedReply(Text) { WithUsage = false }, Alpha, Alpha),
        ["splits characters"] = new(new ScriptedReply(Text) { SplitBytes = true }, Alpha, Alpha),
        ["says usage on each event"] = new(new ScriptedReply(Text) { UsageOnEveryChunk = true }, Alpha, Alpha),
        ["never ends"] = new(
            Late with
            {
                Ending = StreamEnding.Endless,
                BetweenChunks = TimeSpan.FromMilliseconds(100),
            },
            BrokeOff("provider_timeout"),
            BetaAfterRetry
        ),
        ["cannot hold the prompt"] = new(
            ScriptedReply.Failing(400, code: "context_length_exceeded"),
            BetaAtOnce,
            BetaAtOnce
        ),
        ["filters"] = new(
            ScriptedReply.Failing(400, code: "content_filter"),
            new(400, "nobody", 1, "failed", "content_filter"),
            new(400, "nobody", 1, "failed", "content_filter")
        ),
    };

    public static TheoryData<string, bool> Faults
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var name in Table.Keys)
            {
                data.Add(name, true);
                data.Add(name, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_a_provider_does_the_client_is_told_the_truth_and_the_ledger_has_each_attempt(
        string fault,
        bool stream
    )
    {
        await chancery.ForgetFailuresAsync();
        var user = await chancery.SignUpAsync();
        var row = Table[fault];
        var expected = stream ? row.Streamed : row.Whole;
        var question = $"{fault} {stream} {Guid.CreateVersion7()}";
        chancery.Scripts[question] = _ => row.Reply;

        var completion = await Completion.AskAsync(
            user.Http,
            new
            {
                model = row.Chain,
                stream,
                messages = new[] { new { role = "user", content = question } },
            },
            Cancel
        );

        Assert.Equal(expected.Status, (int)completion.Status);
        Assert.Equal(expected.Error, completion.ErrorCode);
        Assert.Equal(
            expected.Attempts,
            int.Parse(completion.Header("X-Chancery-Attempts"), CultureInfo.InvariantCulture)
        );
        Assert.Equal(expected.Error is null, completion.IsDone);
        if (expected.Error is null)
        {
            Assert.Equal("stop", completion.FinishReason);
            Assert.Equal($"{expected.Answered}/m", completion.Header("X-Chancery-Model"));
            Assert.Equal(expected.Answered == "alpha" ? row.Reply.Text : GatewayFixture.BetaSays, completion.Text);
        }
        else if (expected.Status == 200)
        {
            Assert.NotEmpty(completion.Text);
            Assert.Null(completion.FinishReason);
        }

        Assert.Equal(expected.Rows, await chancery.LedgerRowsAsync(completion.Header("X-Chancery-Call"), Cancel));
    }

    private static ScriptedReply Told(string header, string value) =>
        ScriptedReply.Failing(429) with
        {
            Headers = new Dictionary<string, string> { [header] = value },
        };
}
