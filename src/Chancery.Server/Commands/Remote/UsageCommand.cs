using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery usage</c>: what models were used for, and what it cost.</summary>
internal static class UsageCommand
{
    private static readonly string[] Groupings =
    [
        "day",
        "month",
        "component",
        "operation",
        "provider",
        "model",
        "user",
        "key",
    ];

    private static readonly Option<DateOnly?> From = new("--from")
    {
        Description = "The first day (UTC), as in 2026-11-01; else the first of this month",
    };

    private static readonly Option<DateOnly?> To = new("--to") { Description = "The last day (UTC); else today" };

    private static readonly Option<string> By = new("--by")
    {
        Description = "What is summed up: " + string.Join(", ", Groupings),
        DefaultValueFactory = _ => "model",
    };

    private static readonly Option<string?> Csv = new("--csv")
    {
        Description = "Write each attempt to this file instead; - for standard output",
    };

    public static Command Create()
    {
        By.AcceptOnlyFromAmong(Groupings);
        var command = new Command("usage", "What models were used for, and what it cost")
        {
            From,
            To,
            By,
            Csv,
            RemoteCommand.Server,
            RemoteCommand.Json,
        };
        RemoteCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var days = DaysOf(verb);
        if (verb.Value(Csv) is { } file)
        {
            await using var content = await session.GetAsync($"api/v1/usage/export?{days}", cancellationToken);
            await using var target = file == "-" ? Console.OpenStandardOutput() : File.Create(file);
            await content.CopyToAsync(target, cancellationToken);
            return Exit.Ok;
        }

        await using var body = await session.GetAsync(
            $"api/v1/usage?group_by={verb.Value(By)}&limit=500{days}",
            cancellationToken
        );
        var usage = await JsonSerializer.DeserializeAsync<JsonElement>(body, cancellationToken: cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(usage);
            return Exit.Ok;
        }

        verb.Print($"{usage.GetProperty("from").GetString()} to {usage.GetProperty("to").GetString()}");
        foreach (var group in usage.GetProperty("groups").EnumerateArray())
        {
            var key = group.GetProperty("key").GetString();
            verb.Print(LineOf(string.IsNullOrEmpty(key) ? "without a key" : key, group.GetProperty("sums")));
        }

        verb.Print(LineOf("together", usage.GetProperty("totals")));
        foreach (var budget in usage.GetProperty("budgets").EnumerateArray())
        {
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"cap of the {budget.GetProperty("level").GetString()} a {budget.GetProperty("period").GetString()}: {budget.GetProperty("used_usd").GetDecimal():0.00####} of {budget.GetProperty("cap_usd").GetDecimal():0.00####} dollars"
                )
            );
        }

        return Exit.Ok;
    }

    private static string DaysOf(RemoteCommand verb) =>
        (verb.Value(From) is { } from ? string.Create(CultureInfo.InvariantCulture, $"&from={from:yyyy-MM-dd}") : "")
        + (verb.Value(To) is { } to ? string.Create(CultureInfo.InvariantCulture, $"&to={to:yyyy-MM-dd}") : "");

    private static string LineOf(string name, JsonElement sums)
    {
        var estimated = sums.GetProperty("estimated").GetInt64();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {sums.GetProperty("cost_usd").GetDecimal():0.00####} dollars, {sums.GetProperty("requests").GetInt64()} calls, {sums.GetProperty("input_tokens").GetInt64() + sums.GetProperty("cache_read_tokens").GetInt64() + sums.GetProperty("cache_write_tokens").GetInt64()} tokens in, {sums.GetProperty("output_tokens").GetInt64()} out{(estimated > 0 ? $" ({estimated} estimated)" : "")}"
        );
    }
}
