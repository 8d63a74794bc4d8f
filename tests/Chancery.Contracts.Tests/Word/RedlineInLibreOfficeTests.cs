namespace Chancery.Contracts.Tests.Word;

public sealed class RedlineInLibreOfficeTests
{
    [Fact]
    public void All_changes_accepted_is_the_new_text_and_all_rejected_the_old_one()
    {
        using var office = new LibreOffice();
        List<(string Name, Func<string> Expected, Func<string> Actual)> checks = [];
        foreach (var (name, from, to) in Pairs())
        {
            var redline = Docx.Redline(from, to);
            checks.Add(
                ($"{name} accepted", office.TextOf(Docx.Plain(to)), office.TextOf(redline, LibreOffice.AcceptAll))
            );
            checks.Add(
                ($"{name} rejected", office.TextOf(Docx.Plain(from)), office.TextOf(redline, LibreOffice.RejectAll))
            );
        }

        office.Run();

        foreach (var (name, expected, actual) in checks)
        {
            Assert.True(expected().Length > 20, name);
            Assert.True(expected() == actual(), $"{name}:\n{expected()}\n--- but\n{actual()}");
        }
    }

    private static IEnumerable<(string Name, ContractText From, ContractText To)> Pairs()
    {
        yield return ("negotiated", SampleContracts.Services, SampleContracts.Negotiated);
        yield return ("back again", SampleContracts.Negotiated, SampleContracts.Services);
    }
}
