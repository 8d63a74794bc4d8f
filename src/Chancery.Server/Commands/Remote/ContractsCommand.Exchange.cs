using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>Finding, checking, taking in, handing over, deleting.</summary>
internal static partial class ContractsCommand
{
    private static readonly string[] Formats = ["docx", "pdf", "markdown", "bundle"];

    private static readonly Argument<FileInfo> File = new("FILE") { Description = "A Word, PDF or text file" };

    private static readonly Option<string?> Into = new("--into")
    {
        Description = "The contract that the file is a later version of, by id or title",
    };

    private static readonly Option<string> Format = new("--format")
    {
        Description = "docx, pdf, markdown, or bundle: the whole history as a signed ZIP",
        HelpName = string.Join("|", Formats),
        Required = true,
    };

    private static readonly Option<int?> ChangesSince = new("--from")
    {
        Description = "With docx: show what changed since this revision as tracked changes",
    };

    private static readonly Option<bool> NoComments = new("--no-comments")
    {
        Description = "With docx: leave comments out",
    };

    private static readonly Option<string?> Output = new("--output", "-o")
    {
        Description = "The file to write, - for standard output; else the contract's own name, here",
    };

    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite a file that is there" };

    private static Symbol[] Importing => [File, Into, Title, Tags];

    private static Symbol[] Exporting
    {
        get
        {
            Format.AcceptOnlyFromAmong(Formats);
            return [One, Format, Revision, ChangesSince, NoComments, Output, Force];
        }
    }

    private static async Task<int> SearchAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var found = await session.Client.SearchContractsAsync(
            new ClauseSearchRequest
            {
                Query = string.Join(' ', verb.Value(Query)!),
                Limit = verb.Value(Found),
                Per = verb.Value(Per),
                ClauseType = verb.Value(ClauseType),
                Type = verb.Value(OfType),
                Status = verb.Value(InStatus),
                Tag = verb.Value(WithTag),
                Party = verb.Value(WithParty),
                From = MidnightOf(verb.Value(From)),
                To = MidnightOf(verb.Value(To)),
            },
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(found);
            return Exit.Ok;
        }

        if (found.Note is { } note)
        {
            verb.Say(note);
        }

        if (found.Results.Count == 0)
        {
            verb.Print("Nothing was found.");
        }

        foreach (var (clause, place) in found.Results.Select((clause, place) => (clause, place + 1)))
        {
            var named = $"{clause.Number} {clause.Heading}".Trim();
            verb.Print(
                $"{place}. {clause.Contract.Title}, revision {clause.Contract.Revision}{(named.Length > 0 ? $", {named}" : "")}"
            );
            verb.Print(
                $"   {string.Join(' ', clause.Snippet.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}"
            );
            verb.Print(new Piece($"   {clause.ContractId}", Ink.Faint));
        }

        return Exit.Ok;
    }

    private static async Task<int> ReviewAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var id = await Lookup.ContractAsync(session.Client, verb.Value(One)!, cancellationToken);
        Guid? playbook = verb.Value(Playbook) is { } name
            ? await PlaybookAsync(session.Client, name, cancellationToken)
            : null;
        var review = await session.Client.ReviewContractAsync(id, playbook, cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(review);
            return Exit.Ok;
        }

        foreach (var found in review.Findings)
        {
            verb.Print(
                new Piece($"{Choices.WordOf(found.Finding.Severity), -7}  ", Ink.Strong),
                new Piece(found.Number.Length > 0 ? $"{found.Number}  " : ""),
                new Piece(found.Finding.Message),
                new Piece(
                    $"  ({(found.Playbook is { } of ? $"{of}: " : "")}{found.Finding.Rule}{(found.Finding.ProposedEdits is { Count: > 0 } ? ", with a proposed edit" : "")})",
                    Ink.Faint
                )
            );
        }

        verb.Print(
            $"Revision {review.Revision}: {(review.Findings.Count == 0 ? "nothing was found" : $"{review.Findings.Count} found")}."
        );
        return Exit.Ok;
    }

    private static async Task<Guid> PlaybookAsync(
        ChanceryClient client,
        string wanted,
        CancellationToken cancellationToken
    )
    {
        if (Guid.TryParse(wanted, out var id))
        {
            return id;
        }

        var known = (await client.ListPlaybooksAsync(cancellationToken)).Items;
        return known.FirstOrDefault(one => one.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase)) is { } found
            ? found.Id
            : throw new RemoteException(
                Exit.Failed,
                known.Count == 0
                    ? $"There is no playbook \"{wanted}\", nor any other."
                    : $"There is no playbook \"{wanted}\"; there are: {string.Join(", ", known.Select(one => one.Name).Take(20))}."
            );
    }

    private static async Task<int> ImportAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var file = verb.Value(File)!;
        if (!file.Exists)
        {
            throw new RemoteException(Exit.Failed, $"There is no file {file.FullName}.");
        }

        Guid? into = verb.Value(Into) is { } name
            ? await Lookup.ContractAsync(session.Client, name, cancellationToken)
            : null;
        await using var content = file.OpenRead();
        var imported = await session.Client.ImportContractFileAsync(
            content,
            file.Name,
            new UploadFields
            {
                Title = verb.Value(Title),
                Tags = verb.Value(Tags) is { Length: > 0 } tags ? tags : null,
            },
            into,
            null,
            cancellationToken
        );
        foreach (var warning in imported.Warnings)
        {
            verb.Say(warning);
        }

        var view = imported.Contract;
        Report(
            verb,
            imported,
            $"{(into is null ? "Imported" : "Took in")} {view.Contract.Id}, revision {view.Revision.Number}: {view.Title}, {view.Clauses.Count} clauses."
        );
        return Exit.Ok;
    }

    private static async Task<int> ExportAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var id = await Lookup.ContractAsync(session.Client, verb.Value(One)!, cancellationToken);
        using var file = await session.Client.ExportContractAsync(
            id,
            verb.Value(Format)!,
            verb.Value(Revision),
            verb.Value(ChangesSince),
            verb.Value(NoComments) ? false : null,
            cancellationToken
        );
        var target = await TargetFile.WriteAsync(
            file.Stream,
            verb.Value(Output),
            NameOf(file, id),
            verb.Value(Force),
            cancellationToken
        );
        if (target is not null)
        {
            Report(verb, new { Id = id, File = target }, $"Wrote {target}.");
        }

        return Exit.Ok;
    }

    /// <summary>As the server names it; a name with a directory in it is not believed.</summary>
    private static string NameOf(FileResponse file, Guid id)
    {
        var given =
            file.Headers.TryGetValue("Content-Disposition", out var values)
            && ContentDispositionHeaderValue.TryParse(values.FirstOrDefault(), out var disposition)
                ? disposition.FileNameStar ?? disposition.FileName?.Trim('"')
                : null;
        return Path.GetFileName(given) is { Length: > 0 } name and not ("." or "..")
            ? RemoteCommand.Safe(name)
            : $"{id}";
    }

    private static Task<int> DeleteAsync(RemoteCommand verb, CancellationToken cancellationToken) =>
        EachAsync(
            verb,
            verb.Value(Many)!,
            async (client, name) =>
            {
                var id = await Lookup.ContractAsync(client, name, cancellationToken);
                await client.DeleteContractAsync(id, cancellationToken);
                return (id, $"Deleted {name}; chancery contracts undelete {id} brings it back.");
            },
            cancellationToken
        );

    private static Task<int> UndeleteAsync(RemoteCommand verb, CancellationToken cancellationToken) =>
        EachAsync(
            verb,
            [.. verb.Value(Deleted)!.Select(id => id.ToString())],
            async (client, name) =>
            {
                var contract = await client.RestoreContractAsync(Guid.Parse(name), cancellationToken);
                return (contract.Id, $"Restored {contract.Title}.");
            },
            cancellationToken
        );

    /// <summary>One after the other; one that fails does not keep the rest from being done.</summary>
    private static async Task<int> EachAsync(
        RemoteCommand verb,
        string[] names,
        Func<ChanceryClient, string, Task<(Guid Id, string Said)>> act,
        CancellationToken cancellationToken
    )
    {
        using var session = verb.Open();
        var done = new List<object>();
        var code = Exit.Ok;
        foreach (var name in names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var (id, said) = await act(session.Client, name);
                done.Add(
                    new
                    {
                        Id = id,
                        Name = name,
                        Ok = true,
                    }
                );
                if (!verb.AsJson)
                {
                    verb.Print(said);
                }
            }
            catch (Exception exception)
                when (exception is RemoteException { ExitCode: Exit.Failed }
                    || exception is ChanceryException { StatusCode: not HttpStatusCode.Unauthorized }
                )
            {
                code = Exit.Failed;
                done.Add(
                    new
                    {
                        Name = name,
                        Ok = false,
                        Reason = exception.Message,
                    }
                );
                verb.Say($"chancery: {name}: {exception.Message}");
            }
        }

        if (verb.AsJson)
        {
            verb.PrintJson(new { Items = done });
        }

        return code;
    }
}
