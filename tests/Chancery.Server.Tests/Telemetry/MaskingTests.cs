using System.Text.Json;
using Chancery.Server.Platform.Telemetry;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Chancery.Server.Tests.Telemetry;

public sealed class MaskingTests
{
    // Made for these tests; none opens anything.
    public static TheoryData<string, string> Secrets { get; } =
        new()
        {
            { "our API key", "ck_7hJ2kQ9x_s3cr3tPartOfTheKey0123456789" },
            { "an OpenAI key", "sk-proj-AbCdEfGhIjKlMnOpQrStUvWx" },
            { "an Anthropic key", "sk-ant-api03-AbCdEfGhIjKlMnOp_QrStUv" },
            { "a GitHub token", "ghp_AbCdEfGhIjKlMnOpQrStUvWxYz012345" },
            { "a JWT", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLXRlc3Rz" },
            { "an e-mail address", "olga.owner+test@mail.example.com" },
        };

    [Theory]
    [MemberData(nameof(Secrets))]
    public void A_secret_never_reaches_the_log_by_message_property_or_exception(string kind, string secret)
    {
        foreach (ITextFormatter formatter in new ITextFormatter[] { new JsonLines(), new TerminalLines() })
        {
            var written = Written(
                formatter,
                log =>
                    log.Error(
                        new InvalidOperationException($"inside {secret}", new IOException($"deeper {secret}")),
                        "Message with {Value} and {@Nested} and {List} and literally " + secret,
                        $"text {secret} text",
                        new { Inner = new { Note = secret } },
                        new[] { "a", secret }
                    )
            );

            Assert.DoesNotContain(secret, written, StringComparison.Ordinal);
            Assert.True(written.Contains("***", StringComparison.Ordinal), $"{kind}: {written}");
        }
    }

    [Theory]
    [InlineData("Authorization: Bearer abcDEF123456ghi", "abcDEF123456ghi")]
    [InlineData("Authorization: Basic b2xnYTpzZWNyZXQ=", "b2xnYTpzZWNyZXQ=")]
    [InlineData("""{"password":"correct-horse","x":1}""", "correct-horse")]
    [InlineData("""{"password":"with blanks and more","x":1}""", "blanks and more")]
    [InlineData("""{\"refresh_token\":\"abc123def\"}""", "abc123def")]
    [InlineData("Host=db;Username=app;Password=s3cr3t;Database=x", "s3cr3t")]
    [InlineData("postgres://app:s3cr3t@db:5432/chancery", "s3cr3t")]
    [InlineData("redis://:hunter2hunter2@cache:6379", "hunter2hunter2")]
    [InlineData("GET /invite?token=aBcDeF123 HTTP/1.1", "aBcDeF123")]
    [InlineData("X-API-Key: something-unusual", "something-unusual")]
    [InlineData("cookie: __Host-chancery=0123abcd.ZZZZ", "ZZZZ")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----", "MIGHAgEAMBMG")]
    public void Secrets_in_running_text_are_found_by_what_stands_around_them(string text, string secret)
    {
        Assert.DoesNotContain(secret, SecretMask.Of(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The task-list of document 0192f0a1-7c1e-7b1a-8f00-2d1c8a1b0c3d is done")]
    [InlineData("Used 120 tokens of 4096; passages 3")]
    [InlineData("SELECT document_id FROM documents WHERE tenant_id = @tenant")]
    [InlineData("risk-based disk-usage at 10:30 in /var/lib/chancery")]
    public void Ordinary_text_stays_as_it_is(string text)
    {
        Assert.Equal(text, SecretMask.Of(text));
    }

    [Theory]
    [InlineData("Password")]
    [InlineData("refresh_token")]
    [InlineData("X-API-Key")]
    [InlineData("UserEmail")]
    [InlineData("ConnectionString")]
    public void A_property_with_a_secret_name_loses_its_value_whatever_it_looks_like(string name)
    {
        var written = Written(new JsonLines(), log => log.ForContext(name, "plainword").Information("Hello"));

        Assert.DoesNotContain("plainword", written, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_name_in_the_template_hides_its_value_in_the_message_too()
    {
        var written = Written(new JsonLines(), log => log.Information("Signed in with {Password}", "plainword"));

        Assert.DoesNotContain("plainword", written, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_of_tokens_are_not_secrets()
    {
        var line = Json(log => log.Information("Used {InputTokens}", 120));

        Assert.Equal(120, line.GetProperty("input_tokens").GetInt32());
    }

    [Fact]
    public void A_very_long_text_is_cut_and_still_masked()
    {
        var masked = SecretMask.Of("olga@example.com " + new string('x', 1_000_000));

        Assert.DoesNotContain("olga@example.com", masked, StringComparison.Ordinal);
        Assert.True(masked.Length < 40_000);
    }

    [Fact]
    public void A_line_is_one_line_of_json_with_stable_names()
    {
        var line = Json(log => log.Warning("First\nsecond \"quoted\" {DocumentId}", 7));

        Assert.Equal("warning", line.GetProperty("level").GetString());
        Assert.Equal("First\nsecond \"quoted\" 7", line.GetProperty("message").GetString());
        Assert.Equal(7, line.GetProperty("document_id").GetInt32());
        Assert.EndsWith("Z", line.GetProperty("time").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_property_cannot_take_the_place_of_the_message_or_the_level()
    {
        var line = Json(log => log.ForContext("level", "forged").ForContext("message", "forged").Error("Real"));

        Assert.Equal("error", line.GetProperty("level").GetString());
        Assert.Equal("Real", line.GetProperty("message").GetString());
    }

    private static JsonElement Json(Action<ILogger> write)
    {
        var written = Written(new JsonLines(), write);
        Assert.Equal(1, written.Count(letter => letter == '\n'));
        return JsonSerializer.Deserialize<JsonElement>(written);
    }

    private static string Written(ITextFormatter formatter, Action<ILogger> write)
    {
        var sink = new Collecting(formatter);
        using (var logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(sink).CreateLogger())
        {
            write(logger);
        }

        return sink.Text.ToString();
    }

    private sealed class Collecting(ITextFormatter formatter) : ILogEventSink
    {
        public StringWriter Text { get; } = new();

        public void Emit(LogEvent logEvent) => formatter.Format(logEvent, Text);
    }
}
