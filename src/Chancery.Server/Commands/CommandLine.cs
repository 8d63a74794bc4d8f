using System.CommandLine;
using System.Runtime.InteropServices;
using Chancery.Documents;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Importing;
using Chancery.Server.Commands.Remote;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Contracts.Exchange;

namespace Chancery.Server.Commands;

/// <summary>The verbs of <c>chancery</c>. Without one it serves.</summary>
public static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        // The reader's child: started often, inside a sandbox, so nothing else is loaded for it. Not for people.
        if (args is ["read", .. var arguments])
        {
            await using var input = Console.OpenStandardInput();
            await using var output = Console.OpenStandardOutput();
            return await ReadCommand.RunAsync(
                arguments,
                input,
                output,
                CancellationToken.None,
                new Dictionary<string, Func<byte[], string>> { [WordStructure.Type] = WordStructure.Read }
            );
        }

        var root = new RootCommand("Answers and drafts from your own documents, on your own machines.");
        root.Subcommands.Add(ServeCommand.Create());
        root.Subcommands.Add(DoctorCommand.Create());
        root.Subcommands.Add(ModelsCommand.Create());
        root.Subcommands.Add(BackupCommand.Create());
        root.Subcommands.Add(RestoreCommand.Create());
        root.Subcommands.Add(VerifyCommand.Create());
        root.Subcommands.Add(MigrateCommand.Create());
        root.Subcommands.Add(KeysCommand.Create());
        root.Subcommands.Add(OperatorsCommand.Create());
        root.Subcommands.Add(TenantsCommand.Create());
        root.Subcommands.Add(BudgetCommand.Create());
        root.Subcommands.Add(AuditCommand.Create());
        root.Subcommands.Add(ImportCommand.Create());
        root.Subcommands.Add(LoginCommand.Create());
        root.Subcommands.Add(LoginCommand.CreateLogout());
        root.Subcommands.Add(IngestCommand.Create());
        root.Subcommands.Add(SearchCommand.Create());
        root.Subcommands.Add(QueriesCommand.Create());
        root.Subcommands.Add(AskCommand.Create());
        root.Subcommands.Add(DocumentsCommand.Create());
        root.Subcommands.Add(ContractsCommand.Create());
        root.Subcommands.Add(PromptsCommand.Create());
        root.Subcommands.Add(UpgradeCommand.Create());
        root.Subcommands.Add(EvalCommand.Create());
        root.Subcommands.Add(RedTeamCommand.Create());
        root.Subcommands.Add(UsageCommand.Create());
        root.Subcommands.Add(OrganizationCommand.Create());
        root.Subcommands.Add(SamplesCommand.Create());
        root.Subcommands.Add(CompletionCommand.Create());

        // A question that begins with @ is a question, not a file of arguments.
        var parsed = root.Parse(
            args.Length == 0 ? ["serve"] : args,
            new ParserConfiguration { ResponseFileTokenReplacer = null }
        );
        // The server listens to signals itself, and drains as long as SHUTDOWN_GRACE says. The others are told by their
        // token, and may have to stop an engine or to remove a draft before they go; a second signal ends them at once.
        using var stop = new CancellationTokenSource();
        var isServer = parsed.CommandResult.Command.Name == ServeCommand.Name;
        using var interrupt = isServer ? null : PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = isServer ? null : PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        // The default would end the process after two seconds.
        var configuration = new InvocationConfiguration { ProcessTerminationTimeout = null };
        var code = await parsed.InvokeAsync(configuration, stop.Token);
        return parsed.Errors.Count > 0 ? Exit.Usage : code;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }
}
