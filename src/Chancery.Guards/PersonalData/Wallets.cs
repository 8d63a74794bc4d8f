using System.Numerics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Chancery.Guards.PersonalData;

/// <summary>Addresses of cryptocurrencies, by their checksums: Base58Check, bech32 and bech32m; Ethereum's by shape.</summary>
internal static partial class Wallets
{
    private const string Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    private const string Bech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const uint Bech32Constant = 1;
    private const uint Bech32mConstant = 0x2bc830a3;

    private static readonly uint[] _generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    public static void Find(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in Base58Address().EnumerateMatches(text))
        {
            if (IsBase58Check(text.AsSpan(match.Index, match.Length)))
            {
                found.Add(new(PersonalDataKind.CryptoWallet, match.Index, match.Length, 0.99));
            }
        }

        foreach (var match in SegwitAddress().EnumerateMatches(text))
        {
            if (IsBech32(text.AsSpan(match.Index, match.Length)))
            {
                found.Add(new(PersonalDataKind.CryptoWallet, match.Index, match.Length, 0.99));
            }
        }

        foreach (var match in Ethereum().EnumerateMatches(text))
        {
            found.Add(new(PersonalDataKind.CryptoWallet, match.Index, match.Length, 0.9));
        }
    }

    private static bool IsBase58Check(ReadOnlySpan<char> address)
    {
        var number = BigInteger.Zero;
        foreach (var c in address)
        {
            number = (number * 58) + Base58.IndexOf(c);
        }

        Span<byte> bytes = stackalloc byte[25];
        if (number.GetByteCount(isUnsigned: true) > bytes.Length)
        {
            return false;
        }

        bytes.Clear();
        var length = number.GetByteCount(isUnsigned: true);
        number.TryWriteBytes(bytes[(bytes.Length - length)..], out _, isUnsigned: true, isBigEndian: true);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(bytes[..21], hash);
        SHA256.HashData(hash, hash);
        return hash[..4].SequenceEqual(bytes[21..]);
    }

    private static bool IsBech32(ReadOnlySpan<char> address)
    {
        if (address.ContainsAnyInRange('a', 'z') && address.ContainsAnyInRange('A', 'Z'))
        {
            return false;
        }

        Span<char> lower = stackalloc char[address.Length];
        address.ToLowerInvariant(lower);
        var separator = lower.LastIndexOf('1');
        var check = 1u;
        for (var i = 0; i < separator; i++)
        {
            check = Step(check, (uint)lower[i] >> 5);
        }

        check = Step(check, 0);
        for (var i = 0; i < separator; i++)
        {
            check = Step(check, lower[i] & 31u);
        }

        foreach (var c in lower[(separator + 1)..])
        {
            var value = Bech32.IndexOf(c);
            if (value < 0)
            {
                return false;
            }

            check = Step(check, (uint)value);
        }

        return check is Bech32Constant or Bech32mConstant;
    }

    private static uint Step(uint check, uint value)
    {
        var top = check >> 25;
        var next = ((check & 0x1ffffff) << 5) ^ value;
        for (var i = 0; i < 5; i++)
        {
            next ^= ((top >> i) & 1) == 1 ? _generator[i] : 0;
        }

        return next;
    }

    [GeneratedRegex(@"(?<![\p{L}\d])[13LMDX][1-9A-HJ-NP-Za-km-z]{25,34}(?![\p{L}\d])", RegexOptions.CultureInvariant)]
    private static partial Regex Base58Address();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:bc|tb|ltc)1[a-z0-9]{8,87}(?![\p{L}\d])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex SegwitAddress();

    [GeneratedRegex(@"(?<![\p{L}\d])0x[0-9a-fA-F]{40}(?![\p{L}\d])", RegexOptions.CultureInvariant)]
    private static partial Regex Ethereum();
}
