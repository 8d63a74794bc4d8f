using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Chancery.Contracts;
using Chancery.Contracts.Reading;
using Chancery.Contracts.Word;

namespace Chancery.Bench.Contracts;

/// <summary>
/// Does a contract come back as it was once another program has opened and saved its Word file, with our marks in it and without; and
/// what is read of Word files that are not ours? On texts of CUAD, with LibreOffice.
/// </summary>
internal static partial class WordBench
{
    private const int Most = 40;

    private static readonly (string Name, NumberingScheme? Scheme)[] _schemes =
    [
        ("as the text has it", null),
        ("1. / 1.1 / (a) / (i)", NumberingScheme.Sections),
        ("ARTICLE I / Section 1.1 / (a)", NumberingScheme.Articles),
        (
            "A. / 1. / a) / i)",
            new NumberingScheme([
                new(NumberFormat.UpperLetter, "%1."),
                new(NumberFormat.Arabic, "%2."),
                new(NumberFormat.LowerLetter, "%3)"),
                new(NumberFormat.LowerRoman, "%4)"),
            ])
        ),
        (
            "§ 1 / (1) / a) / aa)",
            new NumberingScheme([
                new(NumberFormat.Arabic, "§ %1"),
                new(NumberFormat.Arabic, "(%2)"),
                new(NumberFormat.LowerLetter, "%3)"),
                new(NumberFormat.LowerLetter, "(%4)"),
            ])
        ),
        (
            "Article 1 / Section 1.01 / (a) / (1)",
            new NumberingScheme([
                new(NumberFormat.Arabic, "Article %1"),
                new(NumberFormat.ArabicTwoDigits, "Section %1.%2"),
                new(NumberFormat.LowerLetter, "(%3)"),
                new(NumberFormat.Arabic, "(%4)"),
            ])
        ),
    ];

    private static readonly (
        string Name,
        string Extension,
        string Reader,
        Func<ContractText, byte[]> Write
    )[] _foreign =
    [
        ("HTML, nested numbered lists", "html", "HTML (StarWriter)", ForeignFiles.Lists),
        ("HTML, headings with typed numbers", "html", "HTML (StarWriter)", ForeignFiles.Headings),
        ("plain text, typed numbers", "txt", "Text (encoded):UTF8", ForeignFiles.PlainText),
    ];

    /// <param name="arguments">"--tell" prints the first difference of each contract that is not the same.</param>
    public static int Run(string[] arguments)
    {
        var isTold = arguments.Contains("--tell");
        var contracts = Read();
        using var office = new OfficeConverter();
        MeasureOurs(contracts, office, isTold);
        MeasureForeign(contracts, office, isTold);
        return 0;
    }

    /// <summary>Every n-th of the collection, as its text is read.</summary>
    private static List<(string Name, ContractText Text)> Read()
    {
        var paths = Directory
            .EnumerateFiles(TestData.PathOf("contracts", "cuad", "full_contract_txt"), "*.txt")
            .Order(StringComparer.Ordinal)
            .ToList();
        return
        [
            .. Enumerable
                .Range(0, Most)
                .Select(i => paths[i * paths.Count / Most])
                .Select(path => (Path.GetFileName(path), ContractTextReader.Read(File.ReadAllText(path)).Text)),
        ];
    }

    private static void MeasureOurs(
        List<(string Name, ContractText Text)> contracts,
        OfficeConverter office,
        bool isTold
    )
    {
        var rows = contracts
            .Select(
                (contract, i) =>
                {
                    var (name, scheme) = _schemes[i % _schemes.Length];
                    var text = scheme is null ? contract.Text : contract.Text with { Numbering = scheme };
                    return (contract.Name, Scheme: name, Text: text, File: Write(text));
                }
            )
            .ToList();
        var saved = office.ToWord([.. rows.Select(row => row.File)], "docx");
        foreach (
            var (what, isEqual, open) in new (string, bool, Func<int, byte[]?>)[]
            {
                ("our file, read at once", true, i => rows[i].File),
                ("opened and saved by LibreOffice", true, i => saved[i]),
                ("our file without our marks", false, i => WithoutMarks(rows[i].File)),
                (
                    "saved by LibreOffice, without our marks",
                    false,
                    i => saved[i] is { } file ? WithoutMarks(file) : null
                ),
            }
        )
        {
            Begin(what, "Numbering");
            var results = rows.Select((row, i) => Judge(row.Name, row.Text, open(i), isEqual, true, isTold)).ToList();
            foreach (var scheme in rows.Select((row, i) => (row.Scheme, Result: results[i])).GroupBy(one => one.Scheme))
            {
                Print(scheme.Key, [.. scheme.Select(one => one.Result)]);
            }

            Print("**all**", results);
            Console.WriteLine();
        }
    }

    private static void MeasureForeign(
        List<(string Name, ContractText Text)> contracts,
        OfficeConverter office,
        bool isTold
    )
    {
        Begin("Word files of LibreOffice, from files that are not ours", "Written from");
        foreach (var (name, extension, reader, write) in _foreign)
        {
            var chosen = contracts.Where((_, i) => i % 2 == 0).ToList();
            var files = office.ToWord([.. chosen.Select(contract => write(contract.Text))], extension, reader);
            Print(
                name,
                [
                    .. chosen.Select(
                        (contract, i) =>
                            Judge(contract.Name, contract.Text, files[i], false, extension == "txt", isTold)
                    ),
                ]
            );
        }

        Console.WriteLine();
    }

    /// <param name="isEqual">Whether ids, head and references have to be the same, too.</param>
    private static Result Judge(
        string name,
        ContractText truth,
        byte[]? file,
        bool isEqual,
        bool withLabels,
        bool isTold
    )
    {
        if (file is null)
        {
            Console.Error.WriteLine($"{name}: LibreOffice did not save it.");
            return new Result(TreeScore.Of(truth, truth with { Clauses = [] }, withLabels), IsSame: false);
        }

        var read = ContractWordReader.Read(new MemoryStream(file)).Text;
        var score = TreeScore.Of(truth, read, withLabels);
        var isSame = isEqual ? truth.Equals(read) : score.IsExact;
        if (!isSame && isTold)
        {
            Console.Error.WriteLine(
                $"{name}: {TreeScore.FirstDifference(truth, read, withLabels) ?? HeadDifference(truth, read)}"
            );
        }

        return new Result(score, isSame);
    }

    private static string HeadDifference(ContractText truth, ContractText read) =>
        truth.Title != read.Title ? $"title: {truth.Title} but {read.Title}"
        : !truth.Parties.SequenceEqual(read.Parties)
            ? $"parties: {string.Join("; ", truth.Parties)} but {string.Join("; ", read.Parties)}"
        : !truth.Numbering.Equals(read.Numbering)
            ? $"numbering: {string.Join("; ", truth.Numbering.Levels)} but {string.Join("; ", read.Numbering.Levels)}"
        : truth
            .Walk()
            .Zip(read.Walk())
            .Where(pair => pair.First.Clause with { Children = [] } != pair.Second.Clause with { Children = [] })
            .Select(pair => $"{pair.First.Clause.Text} but {pair.Second.Clause.Text}")
            .FirstOrDefault()
            ?? $"{truth.EffectiveDate} {truth.EndDate} {truth.GoverningLaw} {truth.Language} but {read.EffectiveDate} {read.EndDate} {read.GoverningLaw} {read.Language}";

    private static void Begin(string what, string column)
    {
        Console.WriteLine($"**{what}**\n");
        Console.WriteLine(
            $"| {column} | Contracts | Exactly the same | Clauses | Read | Right | Precision % | Recall % | Number and heading right, too, % | Of the numbered ones, right % |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
    }

    private static void Print(string name, IReadOnlyList<Result> results)
    {
        var sum = results.Select(result => result.Score).Aggregate((a, b) => a + b);
        Console.WriteLine(
            $"| {name} | {results.Count} | {results.Count(result => result.IsSame)} | {sum.True} | {sum.Read} | {sum.Right} | {100 * sum.Precision:F1} | {100 * sum.Recall:F1} | {100.0 * sum.Whole / Math.Max(1, sum.True):F1} | {100.0 * sum.RightNumbered / Math.Max(1, sum.Numbered):F1} |"
        );
    }

    private static byte[] Write(ContractText text)
    {
        using var output = new MemoryStream();
        ContractWordWriter.Write(text, new WordOptions(), output);
        return output.ToArray();
    }

    /// <summary>The same file with names for our bookmarks as Word gives them: cross-references go on, clauses are not marked.</summary>
    private static byte[] WithoutMarks(byte[] file)
    {
        using var output = new MemoryStream();
        output.Write(file);
        using (var zip = new ZipArchive(output, ZipArchiveMode.Update, leaveOpen: true))
        {
            const string name = "word/document.xml";
            string document;
            using (var reader = new StreamReader(zip.GetEntry(name)!.Open()))
            {
                document = reader.ReadToEnd();
            }

            zip.GetEntry(name)!.Delete();
            using var writer = new StreamWriter(zip.CreateEntry(name).Open(), new UTF8Encoding(false));
            writer.Write(OwnBookmarks().Replace(document, "_Ref${id}"));
        }

        return output.ToArray();
    }

    [GeneratedRegex("\\b_c(?<id>[0-9a-f]{32})")]
    private static partial Regex OwnBookmarks();

    private sealed record Result(TreeScore Score, bool IsSame);
}
