using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Reading;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>What <c>chancery audit</c> asks of a server.</summary>
internal static class RecordCommands
{
    private static readonly string[] Outcomes = ["succeeded", "refused", "failed"];

    private static readonly Option<string?> Action = new("--action")
    {
        Description = "As in document.deleted; document. for all that happened to documents",
    };

    private static readonly Option<string?> Actor = new("--actor")
    {
        Description = "Who: an id, or part of a name or an e-mail address",
    };

    private static readonly Option<string?> Subject = new("--subject")
    {
        Description = "On what: an id, or a kind such as document",
    };

    private static readonly Option<string?> Outcome = new("--outcome")
    {
        Description = "How it ended: succeeded, refused or failed",
    };

    private static readonly Option<DateTimeOffset?> From = Choices.Time("--from", "Not before this day or time");

    private static readonly Option<DateTimeOffset?> To = Choices.Time("--to", "Before this day or time");

    private static readonly Option<string?> Text = new("--text") { Description = "Part of any text of an entry" };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most lines to print, 1 to 500",
        DefaultValueFactory = _ => 50,
    };

    private static readonly Option<string> Format = new("--format")
    {
        Description = "jsonl, or ocsf (Open Cybersecurity Schema Framework)",
        DefaultValueFactory = _ => "jsonl",
    };

    private static readonly Option<string> Out = new("--out")
    {
        Description = "The file to write; - for standard output",
        DefaultValueFactory = _ => "-",
    };

    public static Command CreateList() => Verb("list", "Who did what, newest first", ListAsync, Limit);

    public static Command CreateExport()
    {
        Format.AcceptOnlyFromAmong("jsonl", "ocsf");
        return Verb("export", "Write entries to a file, oldest first", ExportAsync, Format, Out);
    }

    public static Command CreateHeads()
    {
        var command = new Command("heads", "Signed heads, newest first, as lines to keep for verify --head")
        {
            Limit,
            RemoteCommand.Server,
            RemoteCommand.Json,
        };
        RemoteCommand.Set(command, HeadsAsync);
        return command;
    }

    /// <summary>Has a server check its record of the organisation.</summary>
    public static async Task<int> VerifyAsync(
        OperatorCommand verb,
        string server,
        IReadOnlyList<SignedHead> heads,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var session = ServerSession.Open(server, new Credentials());
            var report = await session.PostAsync<ChainReport>(
                "api/v1/audit/verify",
                new { heads = heads.Select(head => head.Jws) },
                EntryLine.Json,
                cancellationToken
            );
            verb.Print(report, AuditCommand.LinesOf(report));
            return report.IsWhole ? Exit.Ok : Exit.Failed;
        }
        catch (RemoteException refused)
        {
            await Console.Error.WriteLineAsync($"chancery: {RemoteCommand.Safe(refused.Message)}");
            return refused.ExitCode;
        }
        catch (HttpRequestException away)
        {
            await Console.Error.WriteLineAsync(
                $"chancery: the server cannot be reached ({away.Message.TrimEnd('.')})."
            );
            return Exit.Unreachable;
        }
    }

    private static Command Verb(
        string name,
        string description,
        Func<RemoteCommand, CancellationToken, Task<int>> run,
        params Option[] options
    )
    {
        Outcome.AcceptOnlyFromAmong(Outcomes);
        var command = new Command(name, description) { Action, Actor, Subject, Outcome, From, To, Text };
        foreach (var option in options.Concat([RemoteCommand.Server, RemoteCommand.Json]))
        {
            command.Options.Add(option);
        }

        RemoteCommand.Set(command, run);
        return command;
    }

    private static async Task<int> ListAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        await using var body = await session.GetAsync(
            $"api/v1/audit?limit={LimitOf(verb)}{FiltersOf(verb)}",
            cancellationToken
        );
        var page = await JsonSerializer.DeserializeAsync<JsonElement>(body, cancellationToken: cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(page);
            return Exit.Ok;
        }

        foreach (var entry in page.GetProperty("items").EnumerateArray())
        {
            verb.Print(LineOf(entry.Deserialize<EntryView>(EntryLine.Json)!));
        }

        return Exit.Ok;
    }

    private static string LineOf(EntryView entry)
    {
        var who = entry.Actor.Name ?? entry.Actor.Email ?? entry.Actor.Id?.ToString() ?? entry.Actor.Kind;
        var what = entry.Subject?.Id is { } id ? $" {id}" : "";
        var ended =
            entry.Outcome == "succeeded"
                ? ""
                : $" ({entry.Outcome}{(entry.Reason is null ? "" : $": {entry.Reason}")})";
        var often = entry.Repeats > 1 ? string.Create(CultureInfo.InvariantCulture, $" × {entry.Repeats}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.Seq} {entry.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} {who}: {entry.Action}{what}{ended}{often}{(entry.Address is null ? "" : $" from {entry.Address}")}"
        );
    }

    private static async Task<int> ExportAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        await using var content = await session.GetAsync(
            $"api/v1/audit/export?format={verb.Value(Format)}{FiltersOf(verb)}",
            cancellationToken
        );
        await using var target = verb.Value(Out) is { } file and not "-"
            ? File.Create(file)
            : Console.OpenStandardOutput();
        await content.CopyToAsync(target, cancellationToken);
        return Exit.Ok;
    }

    private static async Task<int> HeadsAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        await using var body = await session.GetAsync($"api/v1/audit/heads?limit={LimitOf(verb)}", cancellationToken);
        var page = await JsonSerializer.DeserializeAsync<JsonElement>(body, cancellationToken: cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(page);
            return Exit.Ok;
        }

        foreach (var head in page.GetProperty("items").EnumerateArray())
        {
            verb.Print(head.GetRawText());
        }

        return Exit.Ok;
    }

    private static int LimitOf(RemoteCommand verb) => Math.Clamp(verb.Value(Limit), 1, 500);

    private static string FiltersOf(RemoteCommand verb)
    {
        (string Name, string? Value)[] given =
        [
            ("action", verb.Value(Action)),
            ("actor", verb.Value(Actor)),
            ("subject", verb.Value(Subject)),
            ("outcome", verb.Value(Outcome)),
            ("from", verb.Value(From)?.ToString("O", CultureInfo.InvariantCulture)),
            ("to", verb.Value(To)?.ToString("O", CultureInfo.InvariantCulture)),
            ("text", verb.Value(Text)),
        ];
        return string.Concat(
            given
                .Where(filter => filter.Value is { Length: > 0 })
                .Select(filter => $"&{filter.Name}={Uri.EscapeDataString(filter.Value!)}")
        );
    }
}
