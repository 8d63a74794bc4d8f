using System.CommandLine;
using System.Globalization;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery samples</c>: documents of a made-up company, to try questions on.</summary>
internal static class SamplesCommand
{
    public static Command Create()
    {
        var command = new Command("samples", "Documents of a made-up company, to try questions on");
        command.Subcommands.Add(Verb("add", "Add them to your organisation", AddAsync));
        command.Subcommands.Add(Verb("remove", "Delete them again", RemoveAsync));
        return command;
    }

    private static Command Verb(string name, string description, Func<RemoteCommand, CancellationToken, Task<int>> run)
    {
        var verb = new Command(name, description) { RemoteCommand.Server, RemoteCommand.Json };
        RemoteCommand.Set(verb, run);
        return verb;
    }

    private static async Task<int> AddAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var samples = await session.Client.AddSamplesAsync(cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(samples);
            return Exit.Ok;
        }

        foreach (var document in samples.Documents)
        {
            verb.Print($"{document.Id}  {document.Path}");
        }

        verb.Say("Ask something: chancery ask \"How many days of annual leave do I have?\"");
        return Exit.Ok;
    }

    private static async Task<int> RemoveAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var removal = await session.Client.RemoveSamplesAsync(cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(removal);
            return Exit.Ok;
        }

        verb.Print(string.Create(CultureInfo.InvariantCulture, $"{removal.Removed} documents were deleted."));
        return Exit.Ok;
    }
}
