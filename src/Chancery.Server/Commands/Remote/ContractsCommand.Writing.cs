using System.CommandLine;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>Drafting, changing, and deciding on what was proposed.</summary>
internal static partial class ContractsCommand
{
    private static readonly Argument<string[]> Instruction = new("INSTRUCTION")
    {
        Description = "What you want, in your own words; - reads it from standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> Type = new("--type")
    {
        Description =
            "What kind of agreement: nda, services, employment, lease, saas, or another; else as the instruction says",
    };

    private static readonly Option<string?> Title = new("--title") { Description = "Its title" };

    private static readonly Option<string[]> Parties = new("--party")
    {
        Description = "A party, as NAME or NAME=ROLE; may be given again",
    };

    private static readonly Option<DateOnly?> Effective = new("--effective")
    {
        Description = "The day from which it holds, as in 2026-11-01",
    };

    private static readonly Option<string?> Law = new("--law") { Description = "The governing law" };
    private static readonly Option<string?> Language = new("--language") { Description = "Such as en or de" };
    private static readonly Option<string[]> Tags = new("--tag") { Description = "A tag; may be given again" };

    private static readonly Option<string[]> Source = new("--source")
    {
        Description = "Take wording from this document only, by name or id; may be given again",
        HelpName = "document",
    };

    private static readonly Option<string[]> SourceCollection = new("--source-collection")
    {
        Description = "Take wording from this collection only, by name or id; may be given again",
    };

    private static readonly Option<string[]> SourceTag = new("--source-tag")
    {
        Description = "Take wording from documents with this tag only; may be given again",
    };

    private static readonly Option<bool> NoContracts = new("--no-contracts")
    {
        Description = "Take no wording from other contracts",
    };

    private static readonly Option<string?> Model = new("--model")
    {
        Description = "The model that writes; extractive for none",
    };

    private static readonly Option<string[]> Clauses = new("--clause")
    {
        Description = "Only this clause, by number or id; may be given again",
    };

    private static readonly Option<bool> Propose = new("--propose")
    {
        Description = "Keep the change beside the contract until somebody accepts it",
    };

    private static readonly Option<int?> Base = new("--base")
    {
        Description = "The revision that the change starts from; else the latest",
    };

    private static readonly Option<int> Earlier = new("--revision")
    {
        Description = "The number of the revision",
        Required = true,
    };

    private static readonly Argument<Guid> Proposal = new("PROPOSAL") { Description = "By id" };

    private static readonly Argument<Guid?> Shown = new("PROPOSAL")
    {
        Description = "By id; left out, all are listed",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> Head = new("--head")
    {
        Description = "Only the changes of title, parties, dates and law, beside --clause",
    };

    private static Symbol[] Drafting =>
        [
            Instruction,
            Type,
            Title,
            Parties,
            Effective,
            Law,
            Language,
            Tags,
            Source,
            SourceCollection,
            SourceTag,
            NoContracts,
            Model,
        ];

    private static Symbol[] Revising =>
        [One, Instruction, Clauses, Propose, Base, Source, SourceCollection, SourceTag, NoContracts, Model];

    private static async Task<int> DraftAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var request = new DraftRequest
        {
            Instruction = await InstructionAsync(verb, cancellationToken),
            Type = verb.Value(Type),
            Title = verb.Value(Title),
            Parties = verb.Value(Parties) is { Length: > 0 } parties ? [.. parties.Select(PartyOf)] : null,
            EffectiveDate = MidnightOf(verb.Value(Effective)),
            GoverningLaw = verb.Value(Law),
            Language = verb.Value(Language),
            Tags = verb.Value(Tags) is { Length: > 0 } tags ? tags : null,
            Sources = await SourcesAsync(verb, session.Client, cancellationToken),
            Model = verb.Value(Model),
        };
        var follower = new ContractFollower(verb, session.Client, "Drafting");
        var result = await follower.FollowAsync(
            stop => session.Client.DraftContractAsync(request, null, stop),
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(await session.Client.GetContractAsync(result.ContractId, cancellationToken));
            return Exit.Ok;
        }

        verb.Print("");
        verb.Print($"Drafted {result.ContractId}.");
        return Exit.Ok;
    }

    private static async Task<int> ReviseAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var client = session.Client;
        var id = await Lookup.ContractAsync(client, verb.Value(One)!, cancellationToken);
        var wanted = verb.Value(Clauses) is { Length: > 0 } named ? named : null;
        var request = new RevisionReviseRequest
        {
            Instruction = await InstructionAsync(verb, cancellationToken),
            Clauses = wanted is null
                ? null
                : Named(
                    wanted,
                    (await BaseAsync(verb, client, id, cancellationToken)).Clauses.Select(clause =>
                        (clause.Id, (string?)clause.Label)
                    )
                ),
            Propose = verb.Value(Propose),
            Sources = await SourcesAsync(verb, client, cancellationToken),
            Model = verb.Value(Model),
        };
        var start = verb.Value(Base) is { } number ? $"{number}" : null;
        var follower = new ContractFollower(verb, client, "Changing");
        var result = await follower.FollowAsync(
            stop => client.ReviseContractAsync(id, request, start, null, stop),
            cancellationToken
        );
        if (result.ProposalId is { } proposal)
        {
            var proposed = await client.GetProposalAsync(id, proposal, cancellationToken);
            Show(
                verb,
                proposed,
                proposed.Difference,
                $"Proposed {proposal}: chancery contracts accept {id} {proposal} takes it."
            );
            return Exit.Ok;
        }

        var compared = await client.CompareRevisionsAsync(id, null, result.Revision, cancellationToken);
        Show(verb, compared, compared.Difference, $"Revision {compared.To.Number} of {id}.");
        return Exit.Ok;
    }

    private static async Task<int> RestoreAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var id = await Lookup.ContractAsync(session.Client, verb.Value(One)!, cancellationToken);
        var number = verb.Value(Earlier);
        var restored = await session.Client.RestoreRevisionAsync(id, number, cancellationToken: cancellationToken);
        Report(verb, restored, $"Revision {restored.Revision?.Revision.Number} is revision {number} again.");
        return Exit.Ok;
    }

    private static async Task<int> ProposalsAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var id = await Lookup.ContractAsync(session.Client, verb.Value(One)!, cancellationToken);
        if (verb.Value(Shown) is { } one)
        {
            var proposed = await session.Client.GetProposalAsync(id, one, cancellationToken);
            Show(verb, proposed, proposed.Difference, $"Proposal {one} is {Choices.WordOf(proposed.Proposal.State)}.");
            return Exit.Ok;
        }

        var proposals = await session.Client.ListProposalsAsync(id, cancellationToken: cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(proposals);
            return Exit.Ok;
        }

        foreach (var proposal in proposals.Items)
        {
            verb.Print(
                $"{proposal.Id}  {Choices.WordOf(proposal.State), -8}  {proposal.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC  {proposal.Author}  {proposal.Instruction}"
            );
        }

        if (proposals.Items.Count == 0)
        {
            verb.Say("Nothing was proposed.");
        }

        return Exit.Ok;
    }

    private static async Task<int> AcceptAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var (id, decision) = await DecisionAsync(verb, session.Client, cancellationToken);
        var accepted = await session.Client.AcceptProposalAsync(
            id,
            verb.Value(Proposal),
            decision,
            cancellationToken: cancellationToken
        );
        Report(
            verb,
            accepted,
            $"Accepted: revision {accepted.Revision?.Revision.Number}{(accepted.Merged ? ", joined with what others changed" : "")}."
        );
        return Exit.Ok;
    }

    private static async Task<int> RejectAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var (id, decision) = await DecisionAsync(verb, session.Client, cancellationToken);
        var rejected = await session.Client.RejectProposalAsync(
            id,
            verb.Value(Proposal),
            decision,
            cancellationToken: cancellationToken
        );
        Report(verb, rejected, $"Rejected; the proposal is {Choices.WordOf(rejected.State)}.");
        return Exit.Ok;
    }

    private static async Task<(Guid Contract, ProposalDecideRequest Decision)> DecisionAsync(
        RemoteCommand verb,
        ChanceryClient client,
        CancellationToken cancellationToken
    )
    {
        var id = await Lookup.ContractAsync(client, verb.Value(One)!, cancellationToken);
        var named = verb.Value(Clauses) is { Length: > 0 } given ? given : null;
        IReadOnlyList<Guid>? clauses = null;
        if (named is not null)
        {
            var proposed = await client.GetProposalAsync(id, verb.Value(Proposal), cancellationToken);
            clauses = Named(
                named,
                proposed
                    .Difference.Clauses.Where(clause => clause.Kind != ClauseChangeKind.Same)
                    .Select(clause => (clause.Id, ContractPrinting.NumberOf(clause)))
            );
        }

        return (id, new ProposalDecideRequest { Clauses = clauses, Head = verb.Value(Head) ? true : null });
    }

    private static async Task<ContractView> BaseAsync(
        RemoteCommand verb,
        ChanceryClient client,
        Guid id,
        CancellationToken cancellationToken
    ) =>
        verb.Value(Base) is { } number
            ? await client.GetRevisionAsync(id, number, cancellationToken)
            : await client.GetContractAsync(id, cancellationToken);

    /// <summary>Clauses by what people call them: the number that is printed, with or without its last dot, or the id.</summary>
    private static IReadOnlyList<Guid> Named(string[] wanted, IEnumerable<(Guid Id, string? Label)> clauses)
    {
        var known = clauses.ToArray();
        return
        [
            .. wanted.Select(name =>
            {
                var fitting = known
                    .Where(clause =>
                        clause.Id.ToString().Equals(name, StringComparison.OrdinalIgnoreCase)
                        || (clause.Label is { } label && label.TrimEnd('.') == name.TrimEnd('.'))
                    )
                    .ToArray();
                return fitting switch
                {
                    [var only] => only.Id,
                    [] => throw new RemoteException(
                        Exit.Failed,
                        $"There is no clause \"{name}\" here; there are {string.Join(", ", known.Select(clause => clause.Label).Where(label => !string.IsNullOrEmpty(label)).Take(20))}."
                    ),
                    _ => throw new RemoteException(
                        Exit.Failed,
                        $"{fitting.Length} clauses are numbered \"{name}\"; name one by its id: {string.Join(", ", fitting.Select(clause => clause.Id).Take(10))}."
                    ),
                };
            }),
        ];
    }

    private static async Task<string> InstructionAsync(RemoteCommand verb, CancellationToken cancellationToken) =>
        verb.Value(Instruction) switch
        {
            ["-"] => (await Console.In.ReadToEndAsync(cancellationToken)).Trim(),
            var words => string.Join(' ', words!),
        };

    private static async Task<DraftSourcesRequest?> SourcesAsync(
        RemoteCommand verb,
        ChanceryClient client,
        CancellationToken cancellationToken
    )
    {
        var documents = await Lookup.DocumentsAsync(client, verb.Value(Source), cancellationToken);
        var collections = await Lookup.CollectionsAsync(client, verb.Value(SourceCollection), cancellationToken);
        var tags = verb.Value(SourceTag) is { Length: > 0 } given ? given : null;
        var withoutContracts = verb.Value(NoContracts);
        return documents is null && collections is null && tags is null && !withoutContracts
            ? null
            : new DraftSourcesRequest
            {
                Documents = documents,
                Collections = collections,
                Tags = tags,
                Contracts = withoutContracts ? false : null,
            };
    }

    private static DraftPartyRequest PartyOf(string given)
    {
        var cut = given.LastIndexOf('=');
        return cut > 0
            ? new DraftPartyRequest { Name = given[..cut].Trim(), Role = given[(cut + 1)..].Trim() }
            : new DraftPartyRequest { Name = given };
    }

    private static void Show<T>(RemoteCommand verb, T outcome, ContractDifference difference, string text)
    {
        if (verb.AsJson)
        {
            verb.PrintJson(outcome);
            return;
        }

        verb.PrintDifference(difference);
        verb.Print(text);
    }
}
