namespace Chancery.Server.Commands.Terminal;

/// <summary>What the program's exit code tells a script. Documented in docs/command-line.md.</summary>
internal static class Exit
{
    public const int Ok = 0;

    /// <summary>It failed, or a part of it did.</summary>
    public const int Failed = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;

    public const int NotSignedIn = 3;
    public const int Unreachable = 4;

    /// <summary>Only of <c>migrate --check</c>.</summary>
    public const int Pending = 5;

    /// <summary>As a shell reports a program that SIGINT ended.</summary>
    public const int Interrupted = 130;
}
