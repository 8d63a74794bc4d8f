using System.CommandLine;
using System.Globalization;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery contracts</c>: draft, change, compare, find, check, take in and hand over.</summary>
internal static partial class ContractsCommand
{
    private const int PageSize = 100;

    private static readonly Argument<string> One = new("CONTRACT")
    {
        Description = "By id or title",
        HelpName = "CONTRACT",
    };

    private static readonly Argument<string[]> Many = new("CONTRACT")
    {
        Description = "By id or title",
        HelpName = "CONTRACT",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Argument<Guid[]> Deleted = new("ID")
    {
        Description = "By id",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Argument<string[]> Query = new("QUERY")
    {
        Description = "What to look for",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> OfType = new("--type") { Description = "Only contracts of this type" };
    private static readonly Option<string?> WithTag = new("--tag") { Description = "Only with this tag" };

    private static readonly Option<ContractStatus?> InStatus = Choices.Of<ContractStatus>(
        "--status",
        "Only in this status"
    );

    private static readonly Option<string?> WithParty = new("--party") { Description = "A part of a party's name" };

    private static readonly Option<string?> Matching = new("--match")
    {
        Description = "Only with this in title or a party's name",
    };

    private static readonly Option<DateOnly?> From = new("--from")
    {
        Description = "Effective on this day or later, as in 2026-11-01",
    };

    private static readonly Option<DateOnly?> To = new("--to") { Description = "Effective before this day" };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most lines",
        DefaultValueFactory = _ => 50,
    };

    private static readonly Option<string?> After = new("--cursor")
    {
        Description = "Go on where a list ended: its next_cursor",
    };

    private static readonly Option<int?> Revision = new("--revision")
    {
        Description = "Which revision; else the latest",
    };

    private static readonly Option<int?> FromRevision = new("--from")
    {
        Description = "The earlier revision; else the one before the later",
    };

    private static readonly Option<int?> ToRevision = new("--to")
    {
        Description = "The later revision; else the latest",
    };

    private static readonly Option<SearchUnit?> Per = Choices.Of<SearchUnit>(
        "--per",
        "Clauses, or the best one of each contract"
    );

    private static readonly Option<string?> ClauseType = new("--clause-type")
    {
        Description = "Only clauses that deal with this, such as confidentiality",
    };

    private static readonly Option<string?> Playbook = new("--playbook")
    {
        Description = "Only against this playbook, by name or id",
    };

    static ContractsCommand()
    {
        One.CompletionSources.Add(CompletionCommand.ContractTitles);
        Many.CompletionSources.Add(CompletionCommand.ContractTitles);
        Source.CompletionSources.Add(CompletionCommand.DocumentNames);
    }

    public static Command Create() =>
        new("contracts", "Draft, change, compare and hand over contracts")
        {
            RemoteCommand.Verb("draft", "Draft a contract from plain language", DraftAsync, Drafting),
            RemoteCommand.Verb(
                "list",
                "List contracts; those that changed last first",
                ListAsync,
                OfType,
                InStatus,
                WithTag,
                WithParty,
                Matching,
                From,
                To,
                Limit,
                After
            ),
            RemoteCommand.Verb("show", "Show a contract", ShowAsync, One, Revision),
            RemoteCommand.Verb("revise", "Change a contract as asked in plain language", ReviseAsync, Revising),
            RemoteCommand.Verb(
                "revisions",
                "List the revisions of a contract, newest first",
                RevisionsAsync,
                One,
                Limit
            ),
            RemoteCommand.Verb(
                "diff",
                "Compare two revisions by clause and by word",
                DiffAsync,
                One,
                FromRevision,
                ToRevision
            ),
            RemoteCommand.Verb("restore", "Make an earlier revision the latest again", RestoreAsync, One, Earlier),
            RemoteCommand.Verb(
                "proposals",
                "List the proposals of a contract, or show what one would change",
                ProposalsAsync,
                One,
                Shown
            ),
            RemoteCommand.Verb("accept", "Take a proposal into a contract", AcceptAsync, One, Proposal, Clauses, Head),
            RemoteCommand.Verb("reject", "Turn a proposal down", RejectAsync, One, Proposal, Clauses, Head),
            RemoteCommand.Verb(
                "search",
                "Find clauses",
                SearchAsync,
                Query,
                Per,
                ClauseType,
                OfType,
                InStatus,
                WithTag,
                WithParty,
                From,
                To,
                Found
            ),
            RemoteCommand.Verb(
                "review",
                "Check a contract, against the playbooks for its type too",
                ReviewAsync,
                One,
                Playbook
            ),
            RemoteCommand.Verb(
                "import",
                "Make a contract of a file, or take a file that came back",
                ImportAsync,
                Importing
            ),
            RemoteCommand.Verb("export", "Write a contract to a file", ExportAsync, Exporting),
            RemoteCommand.Verb("delete", "Delete contracts; undelete brings them back", DeleteAsync, Many),
            RemoteCommand.Verb("undelete", "Bring deleted contracts back", UndeleteAsync, Deleted),
        };

    private static readonly Option<int> Found = new("--limit")
    {
        Description = "Most clauses",
        DefaultValueFactory = _ => 10,
    };

    private static async Task<int> ListAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var limit = verb.Value(Limit);
        var contracts = new List<ContractSummary>();
        var cursor = verb.Value(After);
        do
        {
            var page = await session.Client.ListContractsAsync(
                type: verb.Value(OfType),
                status: verb.Value(InStatus) is { } status ? Choices.WordOf(status) : null,
                tag: verb.Value(WithTag),
                party: verb.Value(WithParty),
                q: verb.Value(Matching),
                from: MidnightOf(verb.Value(From)),
                to: MidnightOf(verb.Value(To)),
                limit: Math.Clamp(limit - contracts.Count, 1, PageSize),
                cursor: cursor,
                cancellationToken: cancellationToken
            );
            contracts.AddRange(page.Items);
            cursor = page.NextCursor;
        } while (cursor is not null && contracts.Count < limit);

        if (verb.AsJson)
        {
            verb.PrintJson(new ContractListResponse { Items = contracts, NextCursor = cursor });
            return Exit.Ok;
        }

        foreach (var contract in contracts)
        {
            var parties =
                contract.Parties.Count == 0
                    ? ""
                    : $"  ({string.Join(", ", contract.Parties.Select(party => party.Name))})";
            var tags = contract.Tags.Count == 0 ? "" : $"  [{string.Join(", ", contract.Tags)}]";
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{contract.Id}  {Choices.WordOf(contract.Status), -9}  r{contract.Revision, -3}  {contract.UpdatedAt:yyyy-MM-dd}  {contract.Title}{parties}{tags}"
                )
            );
        }

        if (cursor is not null || contracts.Count == 0)
        {
            verb.Say(cursor is not null ? $"There are more: --cursor {cursor}" : "There are no contracts here.");
        }

        return Exit.Ok;
    }

    private static async Task<int> ShowAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var id = await Lookup.ContractAsync(session.Client, verb.Value(One)!, cancellationToken);
        var view = verb.Value(Revision) is { } number
            ? await session.Client.GetRevisionAsync(id, number, cancellationToken)
            : await session.Client.GetContractAsync(id, cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(view);
        }
        else
        {
            verb.PrintContract(view);
        }

        return Exit.Ok;
    }

    private static async Task<int> RevisionsAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var id = await Lookup.ContractAsync(session.Client, verb.Value(One)!, cancellationToken);
        var limit = verb.Value(Limit);
        var revisions = new List<RevisionSummary>();
        string? cursor = null;
        do
        {
            var page = await session.Client.ListRevisionsAsync(
                id,
                Math.Clamp(limit - revisions.Count, 1, PageSize),
                cursor is null ? null : int.Parse(cursor, CultureInfo.InvariantCulture),
                cancellationToken
            );
            revisions.AddRange(page.Items);
            cursor = page.NextCursor;
        } while (cursor is not null && revisions.Count < limit);

        if (verb.AsJson)
        {
            verb.PrintJson(new ContractRevisionsResponse { Items = revisions, NextCursor = cursor });
            return Exit.Ok;
        }

        foreach (var revision in revisions)
        {
            var cost = revision.CostUsd > 0 ? $", {revision.CostUsd:0.00####} dollars" : "";
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{revision.Number, 3}  {revision.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC  {Choices.WordOf(revision.Source), -8}  {revision.Author}{(revision.Model is { } model ? $", {model}" : "")}{cost}  {revision.Instruction ?? revision.Note}"
                )
            );
        }

        if (cursor is not null)
        {
            verb.Say("There are more; --limit shows them.");
        }

        return Exit.Ok;
    }

    private static async Task<int> DiffAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var id = await Lookup.ContractAsync(session.Client, verb.Value(One)!, cancellationToken);
        var compared = await session.Client.CompareRevisionsAsync(
            id,
            verb.Value(FromRevision),
            verb.Value(ToRevision),
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(compared);
            return Exit.Ok;
        }

        verb.Print($"Revision {compared.From.Number} → {compared.To.Number}, by {compared.To.Author}");
        verb.PrintDifference(compared.Difference);
        return Exit.Ok;
    }

    private static DateTimeOffset? MidnightOf(DateOnly? day) =>
        day is { } given ? new DateTimeOffset(given, TimeOnly.MinValue, TimeSpan.Zero) : null;

    private static void Report<T>(RemoteCommand verb, T outcome, string text)
    {
        if (verb.AsJson)
        {
            verb.PrintJson(outcome);
        }
        else
        {
            verb.Print(text);
        }
    }
}
