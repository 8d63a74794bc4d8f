using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Chancery.Server.Tests.Evaluation;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Upgrade;

/// <summary>Figures of upgrades, as Prometheus reads them.</summary>
public sealed partial class UpgradeMeterTests(UpgradeMeterTests.Fixture chancery)
    : IClassFixture<UpgradeMeterTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_upgrade_is_timed_in_the_buckets_of_its_service_level_and_each_failure_has_its_type()
    {
        var olga = await chancery.SignUpAsync();
        chancery.Scripts["a measured one"] = _ => new ScriptedReply("""{"prompt":"Measure it well.","changes":[]}""");
        chancery.Scripts["a broken one"] = _ => ScriptedReply.Failing(500);
        chancery.Scripts["an unreadable one"] = _ => new ScriptedReply("no JSON");
        var before = await MetricsAsync();

        await UpgradeAsync(olga, "a measured one");
        await UpgradeAsync(olga, "a broken one");
        await UpgradeAsync(olga, "a broken one, with nothing in its place", HttpStatusCode.BadGateway);
        await UpgradeAsync(olga, "an unreadable one");
        var after = await MetricsAsync();

        Assert.Equal(
            ["0.1", "0.5", "1", "2", "5", "10", "+Inf"],
            Bucket().Matches(after).Select(match => match.Groups[1].Value)
        );
        Assert.Equal(
            4,
            Of(after, "orchestrator_upgrade_latency_seconds_count")
                - Of(before, "orchestrator_upgrade_latency_seconds_count")
        );
        Assert.Equal(2, Of(after, "orchestrator_upgrade_errors_total{error_type=\"model-failed\"}"));
        Assert.Equal(1, Of(after, "orchestrator_upgrade_errors_total{error_type=\"draft-unusable\"}"));
        Assert.DoesNotContain(olga.TenantId.ToString(), after, StringComparison.Ordinal);
    }

    private static async Task UpgradeAsync(TestUser user, string prompt, HttpStatusCode expected = HttpStatusCode.OK) =>
        await user.PostAsync(
            "/api/v1/upgrade",
            new { user_prompt = prompt, options = new { enable_fallback = expected == HttpStatusCode.OK } },
            expected
        );

    private async Task<string> MetricsAsync()
    {
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Fixture.Token);
        return await client.GetStringAsync("/metrics", Cancel);
    }

    private static double Of(string metrics, string name) =>
        metrics
            .Split('\n')
            .Where(line => line.StartsWith($"{name} ", StringComparison.Ordinal))
            .Select(line => double.Parse(line[(name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture))
            .SingleOrDefault();

    [GeneratedRegex("""^orchestrator_upgrade_latency_seconds_bucket\{le="([^"]+)"\}""", RegexOptions.Multiline)]
    private static partial Regex Bucket();

    public sealed class Fixture : EvaluationFixture
    {
        public const string Token = "operator-token-of-the-tests";

        public Fixture() => Settings["OPERATOR_TOKEN"] = Token;
    }
}
