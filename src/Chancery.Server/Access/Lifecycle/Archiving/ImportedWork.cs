namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>
/// Which of the background work that an archive brings goes on where it comes in. Whoever knows the passphrase can write an archive, and work
/// makes the server act: what may come in (<see cref="Platform.Work.TakenWork"/>) is what the organisation could have asked for here itself,
/// about things that came in with it.
/// </summary>
internal static class ImportedWork
{
    /// <summary>Kinds that stay behind, and why. So does every kind that nobody takes.</summary>
    public static IReadOnlyDictionary<string, string> LeftBecause { get; } =
        new Dictionary<string, string>
        {
            ["limit-alert"] = "It tells the operator there, or of limits there; its text is whatever the archive says.",
            ["owner-letter"] = "It is the installation's, and of no organisation.",
            ["erase-organization"] = "It is the installation's, and of no organisation.",
        };
}
