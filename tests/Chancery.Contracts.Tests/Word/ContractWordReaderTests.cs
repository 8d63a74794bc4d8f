using System.Text.Json;
using Chancery.Contracts.Word;

namespace Chancery.Contracts.Tests.Word;

public sealed class ContractWordReaderTests
{
    [Fact]
    public void What_was_written_is_read_back_the_same()
    {
        foreach (var contract in (ContractText[])[SampleContracts.Services, SampleContracts.Negotiated])
        {
            Assert.Equal(Json(contract), Json(Read(Docx.Plain(contract)).Text));
        }
    }

    [Theory]
    [InlineData("0193/7")]
    [InlineData("<&\">")]
    [InlineData(null)]
    public void The_mark_of_a_file_is_read_back(string? mark)
    {
        var file = Docx.Plain(SampleContracts.Services, new WordOptions { Mark = mark });

        Docx.AssertValid(file);
        Assert.Equal(mark, Read(file).Mark);
    }

    [Fact]
    public void A_redline_is_the_old_text_then_the_new_one_by_its_author()
    {
        var (from, to) = (SampleContracts.Services, SampleContracts.Negotiated);

        var read = Read(Docx.Redline(from, to));

        Assert.Equal(Json(to), Json(read.Text));
        Assert.Equal([null, "Ada Byron"], read.Steps.Select(step => step.Author));
        Assert.Equal(Json(from), Json(read.Steps[0].Text));
        Assert.Equal(Json(to), Json(read.Steps[1].Text));
    }

    [Fact]
    public void Any_contract_comes_back_the_same_and_so_do_both_sides_of_any_redline()
    {
        var checkedPairs = 0;
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new RandomContracts(seed);
            var before = random.Next();
            var to = random.Change(before);
            if (to.Walk().Any(placed => placed.Depth >= 9))
            {
                continue; // Word has nine levels.
            }

            checkedPairs++;

            var plain = Read(Docx.Plain(before));
            var redline = Read(Docx.Redline(before, to));

            AssertSame(before, plain.Text, seed);
            AssertSame(to, redline.Text, seed);
            AssertSame(
                before with
                {
                    Numbering = to.Numbering,
                },
                (redline.Steps is [var first, ..] ? first.Text : redline.Text) with
                {
                    Numbering = to.Numbering,
                },
                seed
            );
        }

        Assert.InRange(checkedPairs, 100, 150);
    }

    private static void AssertSame(ContractText expected, ContractText actual, int seed)
    {
        if (!expected.Equals(actual))
        {
            Assert.Fail($"Seed {seed}:\n{FirstDifference(Json(expected), Json(actual))}");
        }
    }

    private static string FirstDifference(string expected, string actual)
    {
        var (a, b) = (expected.Split('\n'), actual.Split('\n'));
        var at = Enumerable.Range(0, Math.Min(a.Length, b.Length)).FirstOrDefault(i => a[i] != b[i]);
        return string.Join('\n', a.Skip(at - 5).Take(9)) + "\n--- but\n" + string.Join('\n', b.Skip(at - 5).Take(9));
    }

    private static ImportedContract Read(byte[] file) => ContractWordReader.Read(new MemoryStream(file));

    private static string Json(ContractText contract) => JsonSerializer.Serialize(contract, Indented);

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
