using System.Text;

namespace Chancery.Guards.Pseudonyms;

/// <summary>
/// Puts values back into a text that arrives in pieces, wherever it is cut. Holds back what may be the beginning of a placeholder, some thirty
/// UTF-16 units at most. For one text; not safe for concurrent use.
/// </summary>
/// <param name="vault">Read only.</param>
public sealed class RestoringStream(PersonalDataVault vault)
{
    private string _held = "";

    /// <summary>What of the text may be shown now.</summary>
    public string Append(ReadOnlySpan<char> piece) => Restore(string.Concat(_held, piece), isLast: false);

    /// <summary>What was still held back, after the last piece.</summary>
    public string Complete() => Restore(_held, isLast: true);

    private string Restore(string text, bool isLast)
    {
        var restored = new StringBuilder(text.Length);
        var at = 0;
        while (at < text.Length)
        {
            var next = text.AsSpan(at).IndexOfAny('[', '\\');
            if (next < 0)
            {
                break;
            }

            restored.Append(text, at, next);
            at += next;
            var end = PlaceholderText.Read(text, at, out var name, out var number);
            if (end < 0 && !isLast)
            {
                _held = text[at..];
                return restored.ToString();
            }

            if (end > 0 && vault.ValueOf(name, number) is { } value)
            {
                restored.Append(value);
                at = end;
            }
            else
            {
                restored.Append(text[at++]);
            }
        }

        _held = "";
        return restored.Append(text, at, text.Length - at).ToString();
    }
}
