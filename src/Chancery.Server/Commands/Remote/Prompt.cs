using System.Text;

namespace Chancery.Server.Commands.Remote;

/// <summary>Asks the person at the terminal; where there is none, reads lines of standard input.</summary>
internal static class Prompt
{
    public static string? Line(string question)
    {
        if (!Console.IsInputRedirected)
        {
            Console.Error.Write(question);
        }

        return Console.In.ReadLine()?.Trim();
    }

    /// <summary>Reads without showing what is typed.</summary>
    public static string? Secret(string question)
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
