using System.Text.RegularExpressions;

namespace Chancery.Documents.Tests;

/// <summary>Every real Office file of the test data.</summary>
public sealed partial class OfficeCorpusTests
{
    private static readonly string[] Extensions = [".docx", ".docm", ".dotx", ".pptx", ".pptm", ".xlsx", ".xlsm"];

    [Fact]
    public void Every_office_file_is_read_or_has_no_text()
    {
        var files = new[] { "documents/docling", "documents/mammoth", "documents/python-docx" }
            .SelectMany(folder => TestData.Files(folder, "*"))
            .Where(path => Extensions.Contains(Path.GetExtension(path)))
            .ToList();
        var failures = new List<string>();
        foreach (var file in files)
        {
            try
            {
                _ = Told.Pages(File.ReadAllBytes(file));
            }
            catch (DocumentUnreadableException cause) when (cause.Failure is ReadFailure.Empty)
            {
                // Samples of formatting, with nothing to read in them.
            }
            catch (DocumentUnreadableException cause)
            {
                failures.Add($"{Path.GetFileName(file)}: {cause.Reason}");
            }
        }

        Assert.True(files.Count > 100);
        Assert.Empty(failures);
    }

    [Theory]
    // Formulas are told as one would type them, the expected texts have them in TeX.
    [InlineData("docx", 0.95, 0.75)]
    // The expected texts name every author and minute of a comment.
    [InlineData("pptx", 0.92, 0.70)]
    // The expected texts repeat what is in a merged cell in all that it covers.
    [InlineData("xlsx", 0.93, 0.65)]
    public void The_words_of_the_expected_texts_are_found(string format, double mean, double worst)
    {
        var recalls = TestData
            .Files($"documents/docling/{format}/sources", "*")
            .Select(file => (Name: Path.GetFileName(file), Recall: Recall(format, file)))
            .OrderBy(file => file.Recall)
            .ToList();

        var table = string.Join('\n', recalls.Select(file => $"{file.Recall:0.000} {file.Name}"));
        TestContext.Current.TestOutputHelper?.WriteLine(table);
        Assert.True(recalls.Average(file => file.Recall) >= mean && recalls[0].Recall >= worst, table);
    }

    private static double Recall(string format, string file)
    {
        var expected = File.ReadAllText(
            TestData.PathOf($"documents/docling/{format}/groundtruth/{Path.GetFileName(file)}.md")
        );
        expected = Comment()
            .Replace(expected, "")
            .Replace("\\_", "_", StringComparison.Ordinal)
            .Replace("&amp;", "&", StringComparison.Ordinal);
        var wanted = Words(expected);
        var told = Words(string.Join('\n', Told.Pages(File.ReadAllBytes(file)).Select(page => page.Text)));
        var found = wanted.Sum(word => Math.Min(word.Value, told.GetValueOrDefault(word.Key)));
        return (double)found / Math.Max(1, wanted.Values.Sum());
    }

    private static Dictionary<string, int> Words(string text) =>
        Word()
            .Matches(text.ToLowerInvariant())
            .GroupBy(word => word.Value)
            .ToDictionary(word => word.Key, word => word.Count());

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline)]
    private static partial Regex Comment();
}
