namespace Chancery.Browser.Tests;

/// <summary>
/// Where screenshots go. Those of screens with a fault: beside the build's output. With <c>CHANCERY_SCREENSHOTS=1</c> all are
/// drawn, and those that readers are shown go into <c>docs/images</c>.
/// </summary>
internal static class Pictures
{
    private static readonly HashSet<string> ForReaders =
    [
        "chat-passage-1440-light.png",
        "chat-passage-1440-dark.png",
        "chat-answered-390-light.png",
        "documents-failed-1440-light.png",
        "chat-empty-1440-dark.png",
        "sign-in-390-dark.png",
    ];

    /// <summary>Shown in every width and theme.</summary>
    private static readonly string[] InEveryLook =
    [
        "sign-in-refused",
        "sign-up",
        "invitation",
        "chat-answered",
        "chat-versions",
        "chat-editing",
        "chat-endings",
        "chat-thumbs",
        "chat-scope",
        "chat-how",
        "chat-model-unavailable",
        "chat-share",
        "shared",
        "shared-gone",
        "settings-whole",
        "settings-errors",
        "settings-retention",
        "settings-failing",
        "palette",
        "documents-stopped",
        "chat-deleted",
        "chat-server-gone",
        "chat-signed-out",
        "not-found",
        "fault",
        "contracts-empty",
        "contracts-list",
        "contracts-error",
        "contract-new",
        "contract-drafting",
        "contract-editor",
        "contract-preview",
        "contract-comments",
        "contract-conflict",
        "contract-revisions",
        "contract-sides",
        "searches-list",
        "searches-filtered",
        "searches-empty",
        "searches-off",
        "searches-not-allowed",
        "searches-error",
        "search-detail",
        "search-compared",
        "search-missing",
        "operator-sign-in",
        "operator-models",
        "operator-organizations",
        "audit-list",
        "audit-details",
        "audit-report",
        "audit-nothing-matches",
        "audit-not-allowed",
        "audit-error",
        "operator-plans",
        "operator-releases-full",
        "operator-create",
        "operator-created",
        "operator-export",
        "operator-import-refused",
        "operator-break-glass",
        "operator-erase",
        "operator-erasure-list",
        "settings-operator-access",
        "settings-erasure-ordered",
        "analytics",
        "prompts-list",
        "prompts-empty",
        "prompts-error",
        "prompt",
        "prompt-sides",
        "prompt-new",
        "prompt-label-conflict",
        "rollout-running",
        "rollout-back",
        "upgrade",
        "upgrade-empty",
        "upgrade-error",
        "upgrade-sides",
        "evaluation",
        "evaluation-empty",
        "evaluation-error",
        "evaluation-dataset",
        "evaluation-run",
        "evaluation-compare",
        "red-team",
        "red-team-start",
        "red-team-run",
        "red-team-running",
        "red-team-cases",
        "red-team-over-cap",
        "red-team-error",
    ];

    /// <summary>Shown in every width and theme, too; drawn in the others where a test has brought the screen about once.</summary>
    private static readonly string[] DrawnAnew =
    [
        "documents-empty",
        "documents-list",
        "documents-filtered",
        "documents-nothing-matches",
        "documents-selected",
        "documents-move",
        "documents-tags",
        "documents-collections",
        "documents-from-web",
        "documents-loading",
        "documents-error",
        "documents-offline",
        "uploads",
        "versions",
        "compare",
        "compare-same",
        "document",
        "document-older",
        "document-as-of-nothing",
        "document-markdown",
        "document-word",
        "document-sheet",
        "document-slide",
    ];

    private static readonly string Root = FindRoot();

    /// <summary>Whether readers are shown this screen in both widths and themes, and pictures are drawn for them.</summary>
    public static bool IsShownInEveryLook(string screen) => AreForReaders && DrawnAnew.Contains(screen);

    public static bool AreForReaders { get; } = Environment.GetEnvironmentVariable("CHANCERY_SCREENSHOTS") == "1";

    public static string PathOf(string file) =>
        Path.Combine(
            AreForReaders && IsForReaders(file)
                ? Path.Combine(Root, "docs", "images")
                : Path.Combine(Root, "artifacts", "screenshots"),
            file
        );

    private static bool IsForReaders(string file) =>
        ForReaders.Contains(file)
        || InEveryLook
            .Concat(DrawnAnew)
            .Any(name =>
                file.StartsWith(name + "-1440-", StringComparison.Ordinal)
                || file.StartsWith(name + "-390-", StringComparison.Ordinal)
            );

    private static string FindRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root.Parent is not null && !File.Exists(Path.Combine(root.FullName, "Chancery.slnx")))
        {
            root = root.Parent;
        }

        return root.FullName;
    }
}
