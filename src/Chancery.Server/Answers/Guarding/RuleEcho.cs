using System.Text;
using Chancery.Server.Answers.Prompting;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Guarding;

/// <summary>
/// Stops an answer that tells our own rules without the mark that stands before them: as they are, backwards or turned by thirteen letters, and
/// whatever stands between their letters. Up to <see cref="Letters"/> letters of them have passed by then. For one answer; not safe for
/// concurrent use. Linear in the text.
/// </summary>
internal sealed class RuleEcho
{
    /// <summary>So many letters and digits of the rules in a row, about eight words, are not there by chance.</summary>
    internal const int Letters = 48;

    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _stretches;
    private readonly char[] _last = new char[4096];
    private int _count;

    private RuleEcho(HashSet<string> stretches) => _stretches = stretches.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether nothing passes any more.</summary>
    public bool IsHeard { get; private set; }

    /// <summary>Of what a prompt's system message says, apart from what the passages, the question and the conversation say, too.</summary>
    public static RuleEcho Of(Prompt prompt)
    {
        var rules = Fold(prompt.Messages[0].Text);
        var others = Fold(
            string.Join(
                '\n',
                prompt.Messages.Where(message => message.Role != ChatRole.System).Select(message => message.Text)
            )
        );
        var stretches = new HashSet<string>(StringComparer.Ordinal);
        for (var at = 0; at + Letters <= rules.Length; at++)
        {
            var stretch = rules.Substring(at, Letters);
            // Whoever asks about such words may be told them.
            if (others.Contains(stretch, StringComparison.Ordinal))
            {
                continue;
            }

            stretches.Add(stretch);
            stretches.Add(string.Concat(stretch.Reverse()));
            stretches.Add(string.Concat(stretch.Select(Turn)));
        }

        return new RuleEcho(stretches);
    }

    /// <summary>The same rules, and nothing heard yet: for another text.</summary>
    public RuleEcho Again() => new(_stretches.Set);

    /// <summary>What of it may pass: all, or what stands before the letter by which the rules were known.</summary>
    public string Pass(string text)
    {
        if (IsHeard)
        {
            return "";
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsLetterOrDigit(text[i]))
            {
                continue;
            }

            if (_count == _last.Length)
            {
                _last.AsSpan(_count - Letters + 1).CopyTo(_last);
                _count = Letters - 1;
            }

            _last[_count++] = char.ToLowerInvariant(text[i]);
            if (_count >= Letters && _stretches.Contains(_last.AsSpan(_count - Letters, Letters)))
            {
                IsHeard = true;
                return text[..i];
            }
        }

        return text;
    }

    private static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c))
            {
                folded.Append(char.ToLowerInvariant(c));
            }
        }

        return folded.ToString();
    }

    private static char Turn(char c) => c is >= 'a' and <= 'z' ? (char)('a' + ((c - 'a' + 13) % 26)) : c;
}
