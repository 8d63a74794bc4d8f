using System.CommandLine;
using System.CommandLine.Completions;
using Chancery.Client;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery completion bash</c>: a script for the shell, which asks the program itself what fits.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # Completion of chancery for bash. Put this into ~/.bashrc:  source <(chancery completion bash)
        _chancery() {
          local line=${COMP_LINE#"${COMP_WORDS[0]}"} point=$((COMP_POINT - ${#COMP_WORDS[0]})) word=${COMP_WORDS[COMP_CWORD]} found
          COMPREPLY=()
          while IFS= read -r found; do
            [[ $found == "$word"* ]] && COMPREPLY+=("$(printf %q "$found")")
          done < <("${COMP_WORDS[0]}" "[suggest:$point]" "$line" 2>/dev/null)
        }
        complete -o default -F _chancery chancery
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash" };
        shell.AcceptOnlyFromAmong("bash");
        var command = new Command("completion", "Print a script that completes commands, options and document names")
        {
            shell,
        };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine(Bash));
        return command;
    }

    /// <summary>Names of documents, where the server says them at once; a key that is pressed waits for nobody.</summary>
    public static IEnumerable<CompletionItem> DocumentNames(CompletionContext context) =>
        Ask(
            context,
            async (client, wanted, cancellationToken) =>
                (
                    await client.ListDocumentsAsync(limit: 50, q: wanted, cancellationToken: cancellationToken)
                ).Items.Select(document => document.Path)
        );

    /// <summary>Titles of contracts, likewise.</summary>
    public static IEnumerable<CompletionItem> ContractTitles(CompletionContext context) =>
        Ask(
            context,
            async (client, wanted, cancellationToken) =>
                (
                    await client.ListContractsAsync(limit: 50, q: wanted, cancellationToken: cancellationToken)
                ).Items.Select(contract => contract.Title)
        );

    private static IEnumerable<CompletionItem> Ask(
        CompletionContext context,
        Func<ChanceryClient, string?, CancellationToken, Task<IEnumerable<string>>> find
    )
    {
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1.5));
            using var session = ServerSession.Open(
                context.ParseResult.GetValue(RemoteCommand.Server),
                new Credentials()
            );
            var wanted = context.WordToComplete is { Length: > 0 } word ? word : null;
            var names = find(session.Client, wanted, patience.Token).GetAwaiter().GetResult();
            return [.. names.Distinct().Select(name => new CompletionItem(name))];
        }
        catch (Exception exception)
            when (exception
                    is HttpRequestException
                        or ChanceryException
                        or RemoteException
                        or OperationCanceledException
                        or IOException
            )
        {
            return [];
        }
    }
}
