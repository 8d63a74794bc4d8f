using System.Text;

namespace Chancery.Server.Commands.Remote;

/// <summary>Asks the person at the terminal; where there is none, reads lines of standard input.</summary>
internal static class Prompt
{
    // Reading cannot be interrupted; who presses Ctrl-C does not wait for it.
    public static Task<string?> LineAsync(string question, CancellationToken cancellationToken) =>
        Task.Run(() => Line(question), cancellationToken).WaitAsync(cancellationToken);

    /// <summary>Reads without showing what is typed.</summary>
    public static Task<string?> SecretAsync(string question, CancellationToken cancellationToken) =>
        Task.Run(() => Secret(question), cancellationToken).WaitAsync(cancellationToken);

    private static string? Line(string question)
    {
        if (!Console.IsInputRedirected)
        {
            Console.Error.Write(question);
        }

        return Console.In.ReadLine()?.Trim();
    }

    private static string? Secret(string question)
    {
        if (Console.IsInputRedirected)
        {
            return Console.In.ReadLine()?.TrimEnd('\r', '\n');
        }

        Console.Error.Write(question);
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
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

        Console.Error.WriteLine();
        return typed.ToString();
    }
}
