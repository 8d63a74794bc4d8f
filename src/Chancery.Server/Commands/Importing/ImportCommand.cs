using System.CommandLine;

namespace Chancery.Server.Commands.Importing;

/// <summary><c>chancery import</c>: what another system knows, into an organisation of this installation.</summary>
internal static class ImportCommand
{
    public static readonly Option<string> Organization = new("--organization")
    {
        Description = "The organisation that it goes into, by name or id",
        Required = true,
    };

    public static Command Create()
    {
        var command = new Command("import", "Take over documents and their embeddings from another system");
        command.Subcommands.Add(JsonbCommand.Create());
        command.Subcommands.Add(UndoCommand.Create());
        return command;
    }
}
