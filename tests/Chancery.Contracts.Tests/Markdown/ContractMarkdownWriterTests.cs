using Chancery.Contracts.Markdown;
using Chancery.Contracts.Tests.Word;

namespace Chancery.Contracts.Tests.Markdown;

public sealed class ContractMarkdownWriterTests
{
    [Fact]
    public void Any_contract_reads_back_as_its_words_with_numbers_and_references()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var contract = new RandomContracts(seed).Next();
            var numbers = ClauseNumbers.Of(contract);

            var read = Words(Markdig.Markdown.ToPlainText(ContractMarkdownWriter.Write(contract)));

            var at = 0;
            foreach (var (clause, _, _, _) in contract.Walk())
            {
                var expected = Words($"{numbers.LabelOf(clause.Id)} {clause.Heading} {numbers.Write(clause.Text)}");
                var found = read.IndexOf(expected, at, StringComparison.Ordinal);
                Assert.True(found >= 0, $"Seed {seed}: not read back: {expected}\n{read[at..]}");
                at = found;
            }
        }
    }

    [Fact]
    public void Headings_are_as_deep_as_their_clauses()
    {
        var text = ContractMarkdownWriter.Write(SampleContracts.Services);

        Assert.StartsWith("# Consulting Services Agreement\n", text, StringComparison.Ordinal);
        Assert.Contains("\n## 3\\. Fees and payment\n", text, StringComparison.Ordinal);
        Assert.Contains("\n### 3\\.1 Fees\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "\n1\\.2 “Fees” means the amounts payable under Section 3; and\n",
            text,
            StringComparison.Ordinal
        );
    }

    private static string Words(string text) =>
        string.Join(' ', text.Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
