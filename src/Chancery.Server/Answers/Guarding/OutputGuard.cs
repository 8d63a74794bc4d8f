using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Server.Answers.Guarding;

/// <summary>What a guard found.</summary>
internal static class GuardHit
{
    /// <summary>Something of the shape of a provider's key, a token or a private key.</summary>
    public const string Secret = "secret";

    /// <summary>A mark that stands in our own instructions only.</summary>
    public const string Instructions = "instructions";
}

/// <summary>
/// Stands between a model and whoever reads its answer: what has the shape of a secret does not pass, nor do marks of our own
/// instructions, wherever the stream is cut. For one answer; not safe for concurrent use. Linear in the text.
/// </summary>
/// <remarks>
/// Held back is the word that may still become one of these, and nothing else. After a hit nothing passes any more; what passed before
/// is not taken back.
/// </remarks>
/// <param name="marks">Of our own instructions, at least 16 letters or digits each.</param>
internal sealed partial class OutputGuard(IReadOnlyList<string> marks)
{
    // Longer words are looked at in parts that overlap by this.
    private const int LongestSecret = 256;
    private const int MostHeld = 1024;

    private const string Pem = "-----BEGIN";

    private static readonly string[] Beginnings =
    [
        "sk-",
        "AIza",
        "gsk_",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "xoxp-",
        "xoxa-",
        "xoxr-",
        "xoxs-",
        "AKIA",
        "ASIA",
        "hf_",
        "ck_",
        Pem,
    ];

    private readonly StringBuilder _word = new();
    private readonly StringBuilder _passed = new();

    // Of the word that goes on, the last letter that passed: "disk-…" is no "sk-…", wherever it is cut.
    private string _before = "";

    /// <summary>One of <see cref="GuardHit"/>; null as long as there is nothing.</summary>
    public string? Hit { get; private set; }

    /// <summary>What of it may pass now, after what was held back before.</summary>
    public string Feed(string text)
    {
        foreach (var c in text)
        {
            if (Hit is not null)
            {
                break;
            }

            Take(c);
        }

        if (Hit is null && !MayBecome(_word))
        {
            // What it already holds counts, however the word goes on.
            Judge();
            Release();
        }

        return Passed();
    }

    /// <summary>After the last piece.</summary>
    public string Finish()
    {
        if (Hit is null)
        {
            Judge();
            Release();
        }

        return Passed();
    }

    /// <summary>What a whole text holds; null for nothing.</summary>
    public static string? Find(string text, IReadOnlyList<string> marks)
    {
        var guard = new OutputGuard(marks);
        guard.Feed(text);
        guard.Finish();
        return guard.Hit;
    }

    private void Take(char c)
    {
        if (IsOfWord(c) || (c == ' ' && IsPem()))
        {
            _word.Append(c);
            if (_word.Length >= MostHeld)
            {
                Judge();
                ReleaseBut(LongestSecret);
            }

            return;
        }

        Judge();
        if (Hit is null)
        {
            Release();
            _passed.Append(c);
            _before = "";
        }
    }

    private void Judge()
    {
        if (_word.Length < 16)
        {
            return;
        }

        var word = _before + _word;
        foreach (var mark in marks)
        {
            if (word.Contains(mark, StringComparison.OrdinalIgnoreCase))
            {
                Hit = GuardHit.Instructions;
                return;
            }
        }

        if (Secret().IsMatch(word))
        {
            Hit = GuardHit.Secret;
        }
    }

    /// <summary>Whether a word, as far as it goes, has or may get what must not pass.</summary>
    private bool MayBecome(StringBuilder held)
    {
        if (held.Length == 0)
        {
            return false;
        }

        var word = held.ToString();
        foreach (var beginning in Beginnings)
        {
            if (word.Contains(beginning, StringComparison.Ordinal) || EndsInBeginningOf(word, beginning))
            {
                return true;
            }
        }

        foreach (var mark in marks)
        {
            if (EndsInBeginningOf(word, mark))
            {
                return true;
            }
        }

        return false;
    }

    private static bool EndsInBeginningOf(string word, string whole)
    {
        for (var length = Math.Min(word.Length, whole.Length); length > 0; length--)
        {
            if (word.AsSpan(word.Length - length).Equals(whole.AsSpan(0, length), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private void Release() => ReleaseBut(0);

    private void ReleaseBut(int rest)
    {
        if (Hit is not null || _word.Length <= rest)
        {
            return;
        }

        _passed.Append(_word, 0, _word.Length - rest);
        _before = _word[_word.Length - rest - 1].ToString();
        _word.Remove(0, _word.Length - rest);
    }

    private string Passed()
    {
        var passed = _passed.ToString();
        _passed.Clear();
        return passed;
    }

    private bool IsPem() =>
        _word.Length >= Pem.Length && _word.Length < 64 && _word.ToString().Contains(Pem, StringComparison.Ordinal);

    private static bool IsOfWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    [GeneratedRegex(
        @"(?:^|[^A-Za-z0-9])sk-(?=[A-Za-z0-9_-]*\d)(?:[A-Za-z0-9]+[-_])*[A-Za-z0-9]{16}|AIza[0-9A-Za-z_-]{35}|gsk_[A-Za-z0-9]{30}"
            + "|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40}|glpat-[A-Za-z0-9_-]{20}|xox[baprs]-[A-Za-z0-9-]{20}"
            + "|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])|hf_[A-Za-z0-9]{30}|(?:^|[^A-Za-z0-9])ck_[a-z2-7]{12}_(?=[A-Za-z0-9_-]*[0-9A-Z])[A-Za-z0-9_-]{24}"
            + "|-----BEGIN [A-Z ]*PRIVATE KEY",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Secret();
}
