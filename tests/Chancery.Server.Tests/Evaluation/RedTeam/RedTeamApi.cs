using System.Net;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Evaluation.RedTeam;

/// <summary>The calls of the red team that these tests make, in a line each.</summary>
internal static class RedTeamApi
{
    public const string Runs = "/api/v1/eval/red-team";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static int Number(this JsonElement element, string name) => element.GetProperty(name).GetInt32();

    public static async Task<Guid> AttackAsync(this TestUser user, object request) =>
        (await user.PostAsync(Runs, request, HttpStatusCode.Created)).Id();

    /// <summary>Waits until its documents are gone, and answers the run.</summary>
    public static async Task<JsonElement> ClearedAsync(this TestUser user, Guid run, string expected = "done")
    {
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(6);
        while (true)
        {
            var now = await user.GetAsync($"{Runs}/{run}");
            if (now.GetProperty("is_cleared").GetBoolean())
            {
                Assert.True(now.Text("state") == expected, $"Expected {expected}: {now}");
                return now;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Still {now}");
            await Task.Delay(100, Cancel);
        }
    }

    public static async Task<List<JsonElement>> TriedAsync(this TestUser user, Guid run)
    {
        var all = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = await user.GetAsync($"{Runs}/{run}/results?limit=100&cursor={cursor}");
            all.AddRange(page.Items());
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);

        return all;
    }
}
