using System.Diagnostics;
using Chancery.Contracts.Printing;
using Chancery.Contracts.Tests.Word;
using PdfSharp.Pdf.IO;

namespace Chancery.Contracts.Tests.Printing;

public sealed class ContractPdfWriterTests
{
    [Fact]
    public void Every_word_and_number_is_on_the_pages_in_order()
    {
        var text = Words(TextOf(Pdf(SampleContracts.Services, new PdfOptions(), out var printed)));

        Assert.Equal(2, printed.Pages);
        Assert.Empty(printed.MissingLetters);
        var numbers = ClauseNumbers.Of(SampleContracts.Services);
        var at = 0;
        foreach (var (clause, _, _, _) in SampleContracts.Services.Walk())
        {
            var expected = Words(
                $"{numbers.LabelOf(clause.Id)} {clause.Heading} {numbers.Write(clause.Text)}".Split('\n')[0]
            );
            at = text.IndexOf(expected, at, StringComparison.Ordinal);
            Assert.True(at >= 0, $"Not on the pages, or not there: {expected}");
        }
    }

    [Fact]
    public void The_contents_name_the_page_of_each_heading()
    {
        var many = SampleContracts.Services with
        {
            Clauses =
            [
                .. Enumerable
                    .Range(1, 60)
                    .Select(n => new Clause(Guid.CreateVersion7())
                    {
                        Heading = $"Subject {n}",
                        Text = string.Join(' ', Enumerable.Repeat("Each party shall do what it owes.", 12)),
                    }),
            ],
        };

        var file = Pdf(many, new PdfOptions { TableOfContents = true }, out var printed);

        Assert.True(printed.Pages > 5);
        var pages = TextOf(file, "-layout")
            .Split('\f')
            .Select(page => page.Split('\n').Select(Words).ToList())
            .ToList();
        for (var n = 1; n <= 60; n++)
        {
            var page = pages.FindIndex(lines => lines.Contains($"{n}. Subject {n}")) + 1;
            Assert.True(page > 0, $"Subject {n}");
            Assert.Contains($"{n}. Subject {n} {page}", pages.SelectMany(lines => lines));
        }
    }

    [Fact]
    public void Greek_and_Cyrillic_are_shown_and_what_is_not_is_said()
    {
        var contract = SampleContracts.Services with { Title = "Σύμβαση Договор 契約" };

        var text = TextOf(Pdf(contract, new PdfOptions(), out var printed));

        Assert.Contains("Σύμβαση Договор □□", text, StringComparison.Ordinal);
        Assert.Equal(["契", "約"], printed.MissingLetters);
    }

    [Fact]
    public void Any_contract_is_a_PDF_that_opens()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var file = Pdf(
                new RandomContracts(seed).Next(),
                new PdfOptions { TableOfContents = true },
                out var printed
            );

            using var document = PdfReader.Open(new MemoryStream(file), PdfDocumentOpenMode.Import);
            Assert.Equal(printed.Pages, document.PageCount);
        }
    }

    private static byte[] Pdf(ContractText contract, PdfOptions options, out PrintedContract printed)
    {
        using var output = new MemoryStream();
        printed = ContractPdfWriter.Write(contract, options, output);
        return output.ToArray();
    }

    private static string Words(string text) =>
        string.Join(' ', text.Split([' ', '\n', '\f', '\t'], StringSplitOptions.RemoveEmptyEntries));

    private static string TextOf(byte[] file, params string[] how)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file);
            using var process = Process.Start(
                new ProcessStartInfo("pdftotext", [.. how, path, "-"]) { RedirectStandardOutput = true }
            )!;
            return process.StandardOutput.ReadToEnd();
        }
        finally
        {
            File.Delete(path);
        }
    }
}
