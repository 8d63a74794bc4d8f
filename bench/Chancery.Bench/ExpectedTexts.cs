namespace Chancery.Bench;

/// <summary>The documents of the public collections, and what others say that they hold.</summary>
internal static class ExpectedTexts
{
    private static readonly string[] Kinds = [".pdf", ".docx", ".xlsx", ".xlsm", ".pptx", ".html", ".csv"];

    /// <summary>Documents, not the texts that are expected of them, in an order that does not change.</summary>
    public static IReadOnlyList<string> Documents(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(file =>
                    Kinds.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase) || IsMarkdownSource(file)
                )
                .Where(file => !file.Contains("/groundtruth/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Null where nothing is expected.</summary>
    public static string? Of(string document)
    {
        if (File.Exists(document + ".txt"))
        {
            return File.ReadAllText(document + ".txt");
        }

        if (Path.GetDirectoryName(document) is not { } folder || Path.GetFileName(folder) != "sources")
        {
            return null;
        }

        var truth = Path.Combine(Path.GetDirectoryName(folder)!, "groundtruth");
        var name = Path.GetFileName(document);
        var stem = Path.GetFileNameWithoutExtension(document);
        string[] candidates =
        [
            Path.Combine(truth, name + ".md"),
            Path.Combine(truth, stem + ".md"),
            Path.Combine(truth, "tesseract", "full_page", stem + ".tesseract.full_page.md"),
        ];
        return candidates.FirstOrDefault(File.Exists) is { } found ? TokenRecall.Plain(File.ReadAllText(found)) : null;
    }

    private static bool IsMarkdownSource(string file) =>
        file.EndsWith(".md", StringComparison.Ordinal) && file.Contains("/md/sources/", StringComparison.Ordinal);
}
