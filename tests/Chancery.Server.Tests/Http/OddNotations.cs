using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Testing;

namespace Chancery.Server.Tests.Http;

/// <summary>The many ways to write one address, and the collected addresses that attackers make servers fetch.</summary>
internal static partial class OddNotations
{
    /// <summary>IPv6 addresses that lead inside, by themselves or by an IPv4 address that they carry.</summary>
    public static readonly string[] Inside6 =
    [
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:a9fe:a9fe]",
        "[0:0:0:0:0:ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[2001:0:a9fe:a9fe::]",
        "[2a00:1450::5efe:a9fe:a9fe]",
        "[2a00:1450::200:5efe:7f00:1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[ff02::1]",
        "[fc00::1]",
    ];

    private static CultureInfo Plain => CultureInfo.InvariantCulture;

    public static IEnumerable<string> Of(int a, int b, int c, int d)
    {
        var whole = ((long)a << 24) | ((long)b << 16) | ((long)c << 8) | (uint)d;
        yield return $"{a}.{b}.{c}.{d}";
        yield return $"{a}.{b}.{c}.{d}.";
        yield return whole.ToString(Plain);
        yield return "0x" + whole.ToString("x", Plain);
        yield return "0X" + whole.ToString("X8", Plain);
        yield return "0" + Octal(whole);
        yield return string.Create(Plain, $"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}");
        yield return string.Create(Plain, $"0x0000{a:x}.0x{b:x}.0x{c:x}.0x{d:x}");
        yield return $"0{Octal(a)}.0{Octal(b)}.0{Octal(c)}.0{Octal(d)}";
        yield return $"000{Octal(a)}.0000{Octal(b)}.00{Octal(c)}.0{Octal(d)}";
        yield return string.Create(Plain, $"0x{a:x}.{b}.0{Octal(c)}.{d}");
        yield return string.Create(Plain, $"{a}.{b}.{(c << 8) | d}");
        yield return string.Create(Plain, $"{a}.{((b << 8) | c) << 8 | d}");
        yield return string.Create(Plain, $"0x{a:x}.0x{((b << 8) | c) << 8 | d:x}");
        yield return $"{a}%2E{b}.{c}.{d}";
        yield return string.Concat($"{a}.{b}.{c}.{d}".Select(letter => $"%{(int)letter:x2}"));
        yield return Wide($"{a}.{b}.{c}.{d}", '\uFF10', '\uFF0E');
        yield return Wide($"{a}.{b}.{c}.{d}", '\uFF10', '\u3002');
        yield return string.Concat($"{a}.{b}.{c}.{d}".Select(Circled));
        // Larger than a byte: some resolvers count modulo 256.
        yield return $"{a + 256}.{b + 256}.{c + 256}.{d + 256}";
        yield return $"[::ffff:{a}.{b}.{c}.{d}]";
        yield return $"[::{a}.{b}.{c}.{d}]";
        yield return string.Create(Plain, $"[64:ff9b::{(a << 8) | b:x}:{(c << 8) | d:x}]");
        yield return string.Create(Plain, $"[2002:{(a << 8) | b:x}:{(c << 8) | d:x}::1]");
    }

    /// <summary>Every address of the collection, and every name that it has looked up.</summary>
    public static IReadOnlyList<string> Collected()
    {
        var texts = new[] { "README.md", "cloud-metadata.txt" }.Select(name =>
            File.ReadAllText(TestData.File("security", "ssrf-testing", name))
        );
        return
        [
            .. texts
                .SelectMany(text =>
                    Addresses()
                        .Matches(text)
                        .Select(match => match.Value.TrimEnd('`', '\'', '"', ';'))
                        .Concat(Lookups().Matches(text).Select(match => $"http://{match.Groups["name"].Value}/"))
                )
                .Distinct(),
        ];
    }

    public static IEnumerable<int> CollectedPorts() =>
        File.ReadLines(TestData.File("security", "ssrf-testing", "commonly-open-ports.txt"))
            .Select(line => int.TryParse(line, Plain, out var port) ? port : 0)
            .Where(port => port is > 0 and <= 65535);

    private static string Octal(long number) => Convert.ToString(number, 8);

    private static string Wide(string text, char zero, char dot) =>
        string.Concat(text.Select(letter => letter == '.' ? dot : (char)(zero + letter - '0')));

    private static string Circled(char letter) =>
        letter switch
        {
            '.' => "。",
            '0' => "⓪",
            _ => ((char)('①' + letter - '1')).ToString(),
        };

    [GeneratedRegex(@"https?://[^\s`<>""]+")]
    private static partial Regex Addresses();

    [GeneratedRegex(@"nslookup (?<name>[a-z0-9.-]+)")]
    private static partial Regex Lookups();
}
