using System.CommandLine;

namespace Chancery.Server.Commands;

/// <summary>The verbs of <c>chancery</c>. Without one it serves.</summary>
public static class CommandLine
{
    public static Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("Answers and drafts from your own documents, on your own machines.");
        root.Subcommands.Add(ServeCommand.Create());
        root.Subcommands.Add(DoctorCommand.Create());
        return root.Parse(args.Length == 0 ? ["serve"] : args).InvokeAsync();
    }
}
