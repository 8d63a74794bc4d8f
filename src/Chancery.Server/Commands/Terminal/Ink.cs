namespace Chancery.Server.Commands.Terminal;

/// <summary>How a piece of a line looks where somebody sees it on a terminal.</summary>
internal enum Ink
{
    Plain,
    Strong,
    Faint,
    Inserted,
    Deleted,
}

/// <summary>A part of a line.</summary>
internal readonly record struct Piece(string Text, Ink Ink = Ink.Plain)
{
    private const string Reset = "\u001b[0m";

    /// <summary>Whether standard output is a terminal that shows colours, and nobody asked for none.</summary>
    public static bool AreColoursSeen { get; } =
        !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";

    /// <summary>With colours where they are seen; elsewhere changes stand in the marks of wdiff: <c>[-old-] {+new+}</c>.</summary>
    public string Write(bool withColours) =>
        (withColours, Ink) switch
        {
            _ when Text.Length == 0 => "",
            (_, Ink.Plain) => Text,
            (true, Ink.Strong) => $"\u001b[1m{Text}{Reset}",
            (true, Ink.Faint) => $"\u001b[2m{Text}{Reset}",
            // Told apart without colours, too: underlined and struck out.
            (true, Ink.Inserted) => $"\u001b[32;4m{Text}{Reset}",
            (true, Ink.Deleted) => $"\u001b[31;9m{Text}{Reset}",
            (false, Ink.Inserted) => $"{{+{Text}+}}",
            (false, Ink.Deleted) => $"[-{Text}-]",
            _ => Text,
        };
}
