using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Server.Commands.Remote;

/// <summary>
/// Patterns of file names: <c>*</c> and <c>?</c> within a name, <c>**</c> over directories, <c>[a-z]</c>. A pattern without a
/// slash is tried on the name alone, at any depth; letters count as equal whatever their case.
/// </summary>
internal sealed class Globs(IEnumerable<string> patterns)
{
    private readonly (Regex Pattern, bool OnPath)[] _all =
    [
        .. patterns.Select(pattern => (Compile(pattern.TrimEnd('/')), pattern.TrimEnd('/').Contains('/'))),
    ];

    public bool IsEmpty => _all.Length == 0;

    /// <param name="relative">With slashes, from the directory that was named.</param>
    public bool Match(string relative)
    {
        var name = relative[(relative.LastIndexOf('/') + 1)..];
        return _all.Any(glob => glob.Pattern.IsMatch(glob.OnPath ? relative : name));
    }

    private static Regex Compile(string pattern)
    {
        var text = new StringBuilder(@"\A");
        for (var at = 0; at < pattern.Length; at++)
        {
            var rest = pattern.AsSpan(at);
            if (rest.StartsWith("**/"))
            {
                text.Append("(?:.*/)?");
                at += 2;
            }
            else if (rest.StartsWith("**"))
            {
                text.Append(".*");
                at++;
            }
            else if (pattern[at] == '[' && pattern.IndexOf(']', at + 1) is > 0 and var end)
            {
                var set = pattern[(at + 1)..end].Replace(@"\", @"\\", StringComparison.Ordinal);
                text.Append('[')
                    .Append(set.StartsWith('!') ? "^" + set[1..] : set.Replace("^", @"\^", StringComparison.Ordinal))
                    .Append(']');
                at = end;
            }
            else
            {
                text.Append(
                    pattern[at] switch
                    {
                        '*' => "[^/]*",
                        '?' => "[^/]",
                        var letter => Regex.Escape(letter.ToString()),
                    }
                );
            }
        }

        try
        {
            return new Regex(
                text.Append(@"\z").ToString(),
                RegexOptions.IgnoreCase
                    | RegexOptions.CultureInvariant
                    | RegexOptions.NonBacktracking
                    | RegexOptions.Singleline
            );
        }
        catch (ArgumentException exception)
        {
            throw new RemoteException(
                Terminal.Exit.Usage,
                $"The pattern \"{pattern}\" cannot be understood.",
                exception
            );
        }
    }
}
