using System.Collections.Concurrent;
using System.Text.Json;
using Chancery.Server.Inference.Routing;
using Chancery.Testing;
using Chancery.Testing.Models;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Chancery.Server.Tests.Gateway;

/// <summary>
/// The product with two providers, each a scripted server: <c>alpha</c> does what a test says, <c>beta</c> answers.
/// <c>both</c> is the chain of them, <c>patient</c> and <c>later</c> ask them never and later beside each other, <c>unreachable</c>
/// is one that begins with a provider that nobody listens at.
/// </summary>
public class GatewayFixture : ChanceryFixture
{
    public const string BetaSays = "Beta answers.";

    private readonly string _models = Path.GetTempFileName();

    public GatewayFixture()
    {
        Settings["LLM_TIMEOUT"] = "2";
        Settings["LLM_DEADLINE"] = "6";
        Settings["LLM_RETRIES"] = "1";
        Settings["LLM_RETRY_BUDGET"] = "1";
        // Each test has one fault of its own: they must not add up to a breaker.
        Settings["LLM_BREAKER_FAILURES"] = "1000";
        Settings["PING_INTERVAL"] = "0.3";
        Settings["MODELS_FILE"] = _models;
        Settings["ALPHA_KEY"] = "sk-alpha";
        Settings["BETA_KEY"] = "sk-beta";
    }

    public ScriptedModelServer Alpha { get; private set; } = null!;

    public ScriptedModelServer Beta { get; private set; } = null!;

    /// <summary>What alpha does, by the last message of the user.</summary>
    public ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> Scripts { get; } = new();

    public override async ValueTask InitializeAsync()
    {
        Alpha = await ScriptedModelServer.StartAsync();
        Beta = await ScriptedModelServer.StartAsync();
        Alpha.Behaves(request =>
            Scripts.TryGetValue(request.LastUserMessage, out var script)
                ? script(request)
                : new ScriptedReply("Alpha answers.")
        );
        Beta.Replies(BetaSays);
        await File.WriteAllTextAsync(_models, Registry(), CancellationToken.None);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Alpha.DisposeAsync();
        await Beta.DisposeAsync();
        File.Delete(_models);
        GC.SuppressFinalize(this);
    }

    /// <summary>Forgets which targets failed before.</summary>
    public Task ForgetFailuresAsync() => Services.GetRequiredService<TargetHealth>().ResetAsync(null);

    /// <summary>
    /// What the ledger has of a call, once it has its end: the outcomes of its attempts, in order. The journal is copied to the
    /// database a moment later.
    /// </summary>
    public async Task<string> LedgerRowsAsync(string call, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            await using var command = Owner.CreateCommand(
                "SELECT coalesce(string_agg(outcome, ' ' ORDER BY attempt), '') FROM usage_entries WHERE request_id = $1 AND event = 'settled'"
            );
            command.Parameters.Add(new NpgsqlParameter { Value = Guid.Parse(call) });
            var rows = (string)(await command.ExecuteScalarAsync(cancellationToken))!;
            if (rows.Length > 0 || tries == 100)
            {
                return rows;
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    private string Registry()
    {
        // A port of the range for private use at which nobody listens.
        var nobody = "http://127.0.0.1:9/v1";
        object Provider(string id, string address, int window) =>
            new
            {
                id,
                base_address = address,
                key_setting = $"{(id == "gone" ? "alpha" : id).ToUpperInvariant()}_KEY",
                context_window = window,
                models = new[]
                {
                    new
                    {
                        name = "m",
                        max_output = 500,
                        // A dollar in and two out for a thousand tokens: a nano-dollar more or less is seen.
                        prices = new[]
                        {
                            new
                            {
                                from = "2020-01-01",
                                input = 1_000,
                                output = 2_000,
                            },
                        },
                    },
                },
            };
        return JsonSerializer.Serialize(
            new
            {
                providers = new[]
                {
                    Provider("alpha", Alpha.BaseAddress.ToString(), 8_000),
                    Provider("beta", Beta.BaseAddress.ToString(), 64_000),
                    Provider("gone", nobody, 8_000),
                },
                chains = new object[]
                {
                    new { id = "both", models = new[] { new { model = "alpha/m" }, new { model = "beta/m" } } },
                    new { id = "unreachable", models = new[] { new { model = "gone/m" }, new { model = "beta/m" } } },
                    new
                    {
                        id = "patient",
                        hedge_after = 0,
                        models = new[] { new { model = "alpha/m" }, new { model = "beta/m" } },
                    },
                    new
                    {
                        id = "later",
                        hedge_after = 1.2,
                        models = new[] { new { model = "alpha/m" }, new { model = "beta/m" } },
                    },
                },
            }
        );
    }
}
