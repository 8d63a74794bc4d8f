using System.Text;

namespace Chancery.Server.Commands.Remote;

/// <summary>Asks the person at the terminal; where there is none, reads lines of standard input.</summary>
internal static class Prompt
{
    private static readonly TimeSpan BeforeQuestion = TimeSpan.FromMilliseconds(100);

    // Reading cannot be interrupted; who presses Ctrl-C does not wait for it.
    public static Task<string?> LineAsync(string question, CancellationToken cancellationToken) =>
        AskAsync(() => Task.FromResult(Line(question)), cancellationToken);

    /// <summary>Reads without showing what is typed.</summary>
    public static Task<string?> SecretAsync(string question, CancellationToken cancellationToken) =>
        AskAsync(() => ReadSecretAsync(question), cancellationToken);

    private static async Task<string?> AskAsync(Func<Task<string?>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.Run(ask, cancellationToken).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!Console.IsInputRedirected)
        {
            // What is said next begins on a line of its own.
            await Console.Error.WriteLineAsync();
            throw;
        }
    }

    private static string? Line(string question)
    {
        if (!Console.IsInputRedirected)
        {
            Console.Error.Write(question);
        }

        return Console.In.ReadLine()?.Trim();
    }

    private static async Task<string?> ReadSecretAsync(string question)
    {
        if (Console.IsInputRedirected)
        {
            return (await Console.In.ReadLineAsync())?.TrimEnd('\r', '\n');
        }

        // The terminal stops to show what is typed when the first key is waited for: only then may anybody be asked.
        var first = Task.Run(() => Console.ReadKey(intercept: true));
        await Task.Delay(BeforeQuestion);
        await Console.Error.WriteAsync(question);
        var typed = new StringBuilder();
        for (var key = await first; key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                typed.Append(key.KeyChar);
            }
        }

        await Console.Error.WriteLineAsync();
        return typed.ToString();
    }
}
