using System.Text;
using Chancery.Contracts.Reading;

namespace Chancery.Contracts.Tests.Reading;

public sealed class NoWordIsLostTests
{
    [Fact]
    public void Each_of_510_contracts_shows_the_letters_and_digits_of_its_text_in_their_order()
    {
        var lost = new List<string>();
        var count = 0;
        foreach (var (name, text) in CuadTexts.All())
        {
            count++;
            var read = ContractTextReader.Read(text);

            var rest = WithoutFurniture(text, read.Furniture);
            var shown = Show(read);

            if (!WithoutOne(rest, LettersAndDigits(read.Text.Title)).Contains(shown))
            {
                var expected = WithoutOne(rest, LettersAndDigits(read.Text.Title)).First();
                var at = expected.Zip(shown).TakeWhile(pair => pair.First == pair.Second).Count();
                lost.Add($"{name} at {at}: '{Around(expected, at)}' is shown as '{Around(shown, at)}'");
            }
        }

        Assert.Equal(510, count);
        Assert.True(lost.Count == 0, string.Join('\n', lost));
    }

    /// <summary>What a person sees: every clause's number, heading and words; empty clauses that hold a missing number's place aside.</summary>
    private static string Show(ReadContract read)
    {
        var numbers = ClauseNumbers.Of(read.Text);
        var shown = new StringBuilder();
        foreach (var (clause, _, _, _) in read.Text.Walk())
        {
            if (clause.IsNumbered && !read.Labels.ContainsKey(clause.Id))
            {
                Assert.True(clause.IsEmpty);
                continue;
            }

            shown.Append(numbers.LabelOf(clause.Id)).Append(clause.Heading).Append(numbers.Write(clause.Text));
        }

        return LettersAndDigits(shown.ToString());
    }

    private static string WithoutFurniture(string text, IReadOnlyList<PageFurniture> furniture)
    {
        var lines = text.Split('\n').Select(line => line.ToCharArray()).ToArray();
        foreach (var piece in furniture)
        {
            var line = lines[piece.Line - 1];
            var at = piece.Column;
            foreach (var sign in LettersAndDigits(piece.Text))
            {
                at = Array.IndexOf(line, sign, at);
                Assert.True(at >= 0, $"'{piece.Text}' does not stand in line {piece.Line}");
                line[at] = ' ';
            }
        }

        return LettersAndDigits(string.Join(' ', lines.Select(line => new string(line))));
    }

    /// <summary>The text without one place of its title, wherever that is; and as it is, where the title comes from elsewhere.</summary>
    private static IEnumerable<string> WithoutOne(string text, string title)
    {
        for (
            var at = text.IndexOf(title, StringComparison.Ordinal);
            at >= 0;
            at = text.IndexOf(title, at + 1, StringComparison.Ordinal)
        )
        {
            yield return text.Remove(at, title.Length);
        }

        yield return text;
    }

    private static string LettersAndDigits(string text) => string.Concat(text.Where(char.IsLetterOrDigit));

    private static string Around(string text, int at) => text[Math.Max(0, at - 30)..Math.Min(text.Length, at + 40)];
}
