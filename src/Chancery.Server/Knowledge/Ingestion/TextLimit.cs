using System.Globalization;
using Chancery.Documents;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>Ends the reading of a version that holds more than the operator allows.</summary>
/// <param name="charactersSoFar">Of the pages that an earlier, interrupted run has kept.</param>
internal sealed class TextLimit(int maxPages, long maxCharacters, long charactersSoFar)
{
    private long _characters = charactersSoFar;

    /// <exception cref="DocumentUnreadableException">The file says itself that it has too many.</exception>
    public void Expect(int? pages)
    {
        if (pages > maxPages)
        {
            throw TooLarge(maxPages, "pages");
        }
    }

    /// <exception cref="DocumentUnreadableException">With this page it is too much.</exception>
    public void Count(DocumentPage page)
    {
        Expect(page.Number);
        _characters += page.Text.Length;
        if (_characters > maxCharacters)
        {
            throw TooLarge(maxCharacters, "characters");
        }
    }

    private static DocumentUnreadableException TooLarge(long most, string what) =>
        new(
            ReadFailure.TooLarge,
            string.Create(
                CultureInfo.InvariantCulture,
                $"This file has more than {most:N0} {what}, the most that one document may have. Split it and upload the parts."
            )
        );
}
