using System.Collections.Concurrent;
using System.Text.Json;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Contracts;

/// <summary>A server whose model drafts and changes contracts as a test scripts it, by words of the instruction.</summary>
public sealed class ContractModelFixture : ChanceryFixture
{
    public ContractModelFixture()
    {
        Settings["LLM_TIMEOUT"] = "20";
        Settings["LLM_BREAKER_FAILURES"] = "1000";
        Settings["LLM_RETRIES"] = "0";
        Settings["PING_INTERVAL"] = "0.2";
    }

    public ScriptedModelServer Model { get; private set; } = null!;

    /// <summary>What is done where these words stand in a request; tests of one class run on one model.</summary>
    internal ConcurrentDictionary<string, Func<ScriptedRequest, ScriptedReply>> Scripts { get; } = new();

    public override async ValueTask InitializeAsync()
    {
        Model = await ScriptedModelServer.StartAsync();
        Model.Behaves(request =>
            Scripts.FirstOrDefault(script => request.Prompt.Contains(script.Key, StringComparison.Ordinal)).Value
                is { } script
                ? script(request)
                : new ScriptedReply("I do not know.")
        );
        Settings["MODEL_URL"] = Model.BaseAddress.ToString();
        Settings["MODEL_NAME"] = "scripted";
        Settings["MODEL_API_KEY"] = "sk-test";
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Model.DisposeAsync();
    }

    /// <summary>The requests in which these words stand.</summary>
    internal IReadOnlyList<ScriptedRequest> RequestsOf(string words) =>
        [.. Model.ChatRequests.Where(request => request.Prompt.Contains(words, StringComparison.Ordinal))];

    /// <summary>A model that plans a contract of these headings and writes each clause properly.</summary>
    internal static ScriptedReply Drafts(ScriptedRequest request, params string[] headings) =>
        new(IsPlan(request) ? Plan(headings) : Clause(headings[NumberIn(request) - 1]));

    internal static bool IsPlan(ScriptedRequest request) =>
        request.Prompt.Contains("Plan the contract.", StringComparison.Ordinal);

    internal static string Plan(params string[] headings) =>
        JsonSerializer.Serialize(
            new
            {
                title = "Scripted Services Agreement",
                language = "en",
                type = "services",
                parties = new[]
                {
                    new { name = "Acme GmbH", role = "Customer" },
                    new { name = "Beta Ltd", role = "Provider" },
                },
                effective_date = "2026-02-01",
                end_date = (string?)null,
                governing_law = "Germany",
                definitions = new[] { "Services" },
                clauses = headings.Select(heading => new { heading, purpose = $"Say what {heading} means." }),
            }
        );

    internal static string Clause(string heading, params int[] sources) =>
        JsonSerializer.Serialize(
            new
            {
                heading,
                text = $"The parties agree on {heading}, subject to Section {{{{clause:1}}}}.",
                children = Array.Empty<object>(),
                sources,
            }
        );

    /// <summary>Which clause of the plan is asked for, from 1.</summary>
    internal static int NumberIn(ScriptedRequest request)
    {
        var said = request.Messages.First(message => message.Role == "user").Content;
        var at = said.IndexOf("Write clause ", StringComparison.Ordinal) + "Write clause ".Length;
        return int.Parse(
            said.AsSpan(at, said.IndexOf(',', at) - at),
            System.Globalization.CultureInfo.InvariantCulture
        );
    }
}
