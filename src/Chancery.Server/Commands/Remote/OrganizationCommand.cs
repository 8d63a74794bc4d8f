using System.CommandLine;
using System.Globalization;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery organization</c>: what the organisation says about answers, shown and changed.</summary>
internal static class OrganizationCommand
{
    private static readonly Option<PersonalDataRule?> PersonalData = Choices.Of<PersonalDataRule>(
        "--personal-data-in-answers",
        "What becomes of personal data in answers that stands in none of their passages"
    );

    private static readonly Option<string[]> LinkHosts = new("--link-host")
    {
        Description = "A host that answers may link to, or *.example.com; those of before go. May be given again",
        HelpName = "HOST",
    };

    private static readonly Option<PersonalDataToModels?> Told = Choices.Of<PersonalDataToModels>(
        "--personal-data-to-models",
        "Whether models are told personal data, or placeholders for it"
    );

    private static readonly Option<bool> NoLinkHosts = new("--no-link-hosts")
    {
        Description = "Answers link to what their passages name, and nowhere else",
    };

    public static Command Create()
    {
        var command = new Command("organization", "Your organisation and its rules");
        command.Subcommands.Add(Verb("show", "Show them", ShowAsync, []));
        command.Subcommands.Add(
            Verb("set", "Change rules; what is not named stays", SetAsync, [PersonalData, Told, LinkHosts, NoLinkHosts])
        );
        return command;
    }

    private static Command Verb(
        string name,
        string description,
        Func<RemoteCommand, CancellationToken, Task<int>> run,
        IEnumerable<Option> options
    )
    {
        var verb = new Command(name, description);
        foreach (var option in options.Concat([RemoteCommand.Server, RemoteCommand.Json]))
        {
            verb.Options.Add(option);
        }

        RemoteCommand.Set(verb, run);
        return verb;
    }

    private static async Task<int> ShowAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        Tell(verb, await session.Client.GetOrganizationAsync(cancellationToken));
        return Exit.Ok;
    }

    private static async Task<int> SetAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        var hosts = verb.Value(LinkHosts) is { Length: > 0 } named ? named : null;
        if (hosts is not null && verb.Value(NoLinkHosts))
        {
            throw new RemoteException(Exit.Usage, "--link-host and --no-link-hosts say two different things.");
        }

        var change = new OrganizationRequest
        {
            PersonalDataInAnswers = verb.Value(PersonalData),
            PersonalDataToModels = verb.Value(Told),
            AnswerLinkHosts = verb.Value(NoLinkHosts) ? [] : hosts,
        };
        if (change is { PersonalDataInAnswers: null, PersonalDataToModels: null, AnswerLinkHosts: null })
        {
            throw new RemoteException(
                Exit.Usage,
                "Nothing is named that should change: chancery organization set --help."
            );
        }

        using var session = verb.Open();
        Tell(verb, await session.Client.ChangeOrganizationAsync(change, cancellationToken));
        return Exit.Ok;
    }

    private static void Tell(RemoteCommand verb, Organization organization)
    {
        if (verb.AsJson)
        {
            verb.PrintJson(organization);
            return;
        }

        verb.Print(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {organization.Name} ({organization.Plan})
                  conversations             {(
                    organization.ConversationRetentionDays is { } days ? $"erased after {days} days" : "kept"
                )}
                  searches                  {(organization.QueryLog ? "written down" : "not written down")}
                  personal data in answers  {Choices.WordOf(organization.PersonalDataInAnswers)}
                  personal data to models   {Choices.WordOf(organization.PersonalDataToModels)}
                  answers may link to       {(
                    organization.AnswerLinkHosts is { Count: > 0 } hosts
                        ? string.Join(", ", hosts)
                        : "what their passages name"
                )}
                """
            )
        );
    }
}
