namespace Chancery.Contracts.Reading;

/// <summary>Plain text, as PDFs and text files give it, into a contract. No word of the text is lost.</summary>
public static class ContractTextReader
{
    /// <summary>Takes time in proportion to the text's length, whatever it holds; the caller limits that length.</summary>
    public static ReadContract Read(string text, ReadingHints? hints = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        var clause = new Clause(Guid.CreateVersion7()) { IsNumbered = false, Text = string.Join('\n', lines.Skip(1)) };
        var contract = new ContractText
        {
            Title = lines.FirstOrDefault() ?? hints?.Title ?? "",
            Language = hints?.Language ?? "en",
            Clauses = clause.IsEmpty ? [] : [clause],
        };
        return new ReadContract(contract, new Dictionary<Guid, string>(), [], []);
    }
}
