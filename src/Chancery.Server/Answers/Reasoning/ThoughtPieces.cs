using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>
/// Cuts thoughts that have no labels into steps: paragraphs, of which short ones and headings go with the next. The same however the
/// text arrives.
/// </summary>
internal sealed partial class ThoughtPieces(StepList steps)
{
    private const int ShortLength = 120;

    private readonly StringBuilder _paragraph = new();
    private bool _lineIsBlank = true;

    public void Feed(string text)
    {
        foreach (var c in text)
        {
            Take(c);
        }
    }

    public void Finish()
    {
        steps.Add(_paragraph.ToString(), "", "");
        _paragraph.Clear();
        _lineIsBlank = true;
    }

    /// <summary>What was said before an answer without any label: the points of a list, else paragraphs.</summary>
    public static void Split(string text, StepList steps)
    {
        var points = Point().Matches(text);
        if (points.Count < 2)
        {
            var pieces = new ThoughtPieces(steps);
            pieces.Feed(text);
            pieces.Finish();
            return;
        }

        steps.Add(text[..points[0].Index], "", "");
        for (var i = 0; i < points.Count; i++)
        {
            var end = i + 1 < points.Count ? points[i + 1].Index : text.Length;
            steps.Add(text[(points[i].Index + points[i].Length)..end], "", "");
        }
    }

    private void Take(char c)
    {
        if (c is '\0' or '\r')
        {
            return;
        }

        if (c == '\n' && _lineIsBlank && _paragraph.Length >= ShortLength && !EndsInHeading())
        {
            Finish();
            return;
        }

        _lineIsBlank = c == '\n' || (_lineIsBlank && char.IsWhiteSpace(c));
        if (_paragraph.Length < 2 * StepList.MaxLength)
        {
            _paragraph.Append(c);
        }
    }

    /// <summary>A line in bold, or one that announces what comes, belongs to what follows.</summary>
    private bool EndsInHeading()
    {
        for (var i = _paragraph.Length - 1; i >= 0; i--)
        {
            if (!char.IsWhiteSpace(_paragraph[i]))
            {
                return _paragraph[i] is ':' or '：' || (_paragraph[i] == '*' && i > 0 && _paragraph[i - 1] == '*');
            }
        }

        return true;
    }

    [GeneratedRegex(@"^[ \t]*(?:\d{1,2}[.)]|[-*•])[ \t]+", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Point();
}
