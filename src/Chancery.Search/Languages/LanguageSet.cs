using System.Numerics;

namespace Chancery.Search.Languages;

/// <summary>Some of the languages.</summary>
public readonly record struct LanguageSet(byte Bits)
{
    public static LanguageSet English { get; } = Of(Language.English);

    public static LanguageSet All { get; } = new(byte.MaxValue);

    public bool IsEmpty => Bits == 0;

    public int Count => BitOperations.PopCount(Bits);

    public static LanguageSet Of(Language language) => new((byte)(1 << (int)language));

    public bool Contains(Language language) => (Bits & (1 << (int)language)) != 0;

    public LanguageSet With(Language language) => new((byte)(Bits | (1 << (int)language)));

    public Enumerator GetEnumerator() => new(Bits);

    public override string ToString()
    {
        var names = new List<string>();
        foreach (var language in this)
            names.Add(language.ToString());
        return string.Join(", ", names);
    }

    public struct Enumerator(byte bits)
    {
        private int _rest = bits;

        public Language Current { get; private set; }

        public bool MoveNext()
        {
            if (_rest == 0)
                return false;
            Current = (Language)BitOperations.TrailingZeroCount(_rest);
            _rest &= _rest - 1;
            return true;
        }
    }
}
