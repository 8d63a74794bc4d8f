using Chancery.Contracts.Reading;
using Chancery.Contracts.Tests.Reading;

namespace Chancery.Contracts.Tests.Word;

public sealed class RedlineInLibreOfficeTests
{
    /// <summary>One of as many real contracts is changed at random and tried: CHANCERY_TEST_REDLINES_ONE_OF, else 50.</summary>
    private static readonly int OneOf = int.TryParse(
        Environment.GetEnvironmentVariable("CHANCERY_TEST_REDLINES_ONE_OF"),
        out var given
    )
        ? given
        : 50;

    [Fact]
    public void All_changes_accepted_is_the_new_text_and_all_rejected_the_old_one()
    {
        using var office = new LibreOffice();
        List<(string Name, Func<string> Expected, Func<string> Actual)> checks = [];
        foreach (var (name, from, to) in Pairs().Concat(RealPairs()))
        {
            var redline = Docx.Redline(from, to);
            Docx.AssertValid(redline);
            checks.Add(
                (
                    $"{name} accepted",
                    Lines(office.TextOf(Docx.Plain(to))),
                    Lines(office.TextOf(redline, LibreOffice.AcceptAll))
                )
            );
            checks.Add(
                (
                    $"{name} rejected",
                    Lines(office.TextOf(Docx.Plain(from))),
                    Lines(office.TextOf(redline, LibreOffice.RejectAll))
                )
            );
        }

        office.Run();

        var differing = checks.Where(check => check.Expected() != check.Actual()).ToList();
        Assert.All(checks, check => Assert.True(check.Expected().Length > 20, check.Name));
        Assert.True(
            differing.Count == 0,
            string.Join(
                "\n\n",
                differing.Select(check => $"{check.Name}:\n{Difference(check.Expected(), check.Actual())}")
            )
        );
    }

    /// <summary>Without the blanks that stand for how deep a list is in others.</summary>
    private static Func<string> Lines(Func<string> text) =>
        () => string.Join('\n', text().Split('\n').Select(line => line.TrimStart(' ')));

    /// <summary>The first lines that differ, with what stands before them.</summary>
    private static string Difference(string expected, string actual)
    {
        var (wanted, got) = (expected.Split('\n'), actual.Split('\n'));
        var first = wanted.Zip(got).TakeWhile(pair => pair.First == pair.Second).Count();
        var start = Math.Max(0, first - 2);
        return $"{string.Join('\n', wanted.Skip(start).Take(8))}\n--- but\n{string.Join('\n', got.Skip(start).Take(8))}";
    }

    private static IEnumerable<(string Name, ContractText From, ContractText To)> Pairs()
    {
        yield return ("negotiated", SampleContracts.Services, SampleContracts.Negotiated);
        yield return ("back again", SampleContracts.Negotiated, SampleContracts.Services);
        yield return ("more at the end", Of("One", "Two"), Of("One and more", "New", "Two"));
        yield return ("more at the end, moved below", Of("Moved", "One", "Two"), Of("One and more", "Moved", "Two"));
        yield return (
            "more at the end, new and moved",
            Of("Moved", "One", "Two"),
            Of("One more", "New", "Moved", "Two")
        );
        yield return ("more at the end, less below", Of("One", "Old", "Two"), Of("One and more", "Two"));
        yield return ("less at the end", Of("One and more", "Two"), Of("One", "New", "Two"));
        yield return ("less at the end and below", Of("One and more", "Old", "Two"), Of("One", "Two"));
    }

    /// <summary>Clauses that are known by their first word.</summary>
    private static ContractText Of(params string[] clauses) =>
        new()
        {
            Title = "A contract of clauses",
            Clauses =
            [
                .. clauses.Select(text => new Clause(AnyContracts.Id(text.Split(' ')[0])) { Text = "It says " + text }),
            ],
        };

    private static IEnumerable<(string Name, ContractText From, ContractText To)> RealPairs() =>
        CuadTexts
            .All()
            .Where((_, i) => i % OneOf == 0)
            .Select(
                (file, i) =>
                {
                    var from = WithoutReferences(ContractTextReader.Read(file.Text).Text);
                    var changes = new RandomContracts(i);
                    return (file.Name, from, changes.Change(changes.Change(from)));
                }
            );

    /// <summary>
    /// LibreOffice counts references anew, in its own way: it knows no legal numbers, shows "Section 2.1" in whole where Word leaves
    /// out the word, and counts what was deleted until it is asked again.
    /// </summary>
    private static ContractText WithoutReferences(ContractText contract) =>
        contract with
        {
            Clauses = [.. contract.Clauses.Select(WithoutReferences)],
        };

    private static Clause WithoutReferences(Clause clause) =>
        clause with
        {
            Text = ClauseReference.Replace(clause.Text, id => id.ToString()),
            Children = [.. clause.Children.Select(WithoutReferences)],
        };
}
