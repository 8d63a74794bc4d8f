using System.Text.RegularExpressions;

namespace Chancery.Guards.Injection;

/// <summary>
/// What injections say that other texts seldom do, in several languages. Every gap is bounded, so that each pattern is linear in the text.
/// </summary>
internal static partial class InjectionSignals
{
    private static readonly (string Name, Regex Pattern)[] _patterns =
    [
        ("override", Override()),
        ("override", OverrideInOtherLanguages()),
        ("forget-all", ForgetAll()),
        ("new-task", NewTask()),
        ("role", Role()),
        ("persona", Persona()),
        ("unrestricted", Unrestricted()),
        ("system-prompt", SystemPrompt()),
        ("chat-template", ChatTemplate()),
        ("speaker", Speaker()),
        ("fence", Fence()),
        ("decode", Decode()),
        ("exfiltration", Exfiltration()),
        ("to-assistant", ToAssistant()),
        ("forced-answer", ForcedAnswer()),
        ("forbidden-refusal", ForbiddenRefusal()),
        ("fiction", Fiction()),
        ("pressure", Pressure()),
        ("command", Command()),
        ("secret", Secret()),
        ("spaced-letters", SpacedLetters()),
        ("mixed-scripts", MixedScripts()),
        ("noise", Noise()),
        ("policy", Policy()),
    ];

    /// <summary>All names, in a fixed order; each has its weight.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [.. _patterns.Select(pattern => pattern.Name).Distinct(), "invisible", "long"];

    public static List<InjectionSignal> Find(string text)
    {
        var found = new List<InjectionSignal>();
        foreach (var (name, pattern) in _patterns)
        {
            var count = 0;
            foreach (var match in pattern.EnumerateMatches(text))
            {
                found.Add(new(name, match.Index, match.Length));
                if (++count == InjectionGuard.MostOfOneName)
                {
                    break;
                }
            }
        }

        return found;
    }

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(
        @"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|bypass|leave behind|deviating from|contrary to|override|overrule|neglect|overlook|discard|cancel|delete|erase|do not follow|don't follow|stop following|pay no attention to|set aside|reset)\b[^\n.!?]{0,40}?\b(?:previous|above|prior|earlier|preceding|foregoing|former|past|initial|original|all|any|every|your|these|those|the|my|last|said|whatever)\b[^\n.!?]{0,30}?\b(?:instructions?|prompts?|rules?|directions?|guidelines?|commands?|contexts?|messages?|orders?|texts?|information|programming|training|assignments?|tasks?|directives?|constraints?|restrictions|sentences?|questions?|input|conversations?|policies|said|told|learned|documents?|content)\b",
        Options
    )]
    private static partial Regex Override();

    [GeneratedRegex(
        @"\b(?:vergiss|vergessen sie|ignorier\w{0,4}|missachte\w?|vernachlässige\w?|beachte\w? nicht|abweichend (?:zu|von)|entgegen|lassen sie|lass)\b[^\n.!?]{0,40}?(?:anweisung|aufgabe|instruktion|befehl|regel|information|auftr|vorherig|bisherig|obig|vorgabe|gesagt)"
            + @"|\b(?:ignore[zr]?|oublie[zr]?|ne tene?z pas compte|négligez)\b[^\n.!?]{0,40}?(?:instructions|consignes|directives|précédent|ci-dessus)"
            + @"|\b(?:ignora|ignore|olvida|olvide|omite|descarta|haz caso omiso)\b[^\n.!?]{0,40}?(?:instrucciones|órdenes|indicaciones|anterior|reglas)"
            + @"|\b(?:ignora|dimentica|trascura)\b[^\n.!?]{0,40}?(?:istruzioni|precedent|regole|ordini)"
            + @"|\b(?:ignore|esqueça|desconsidere)\b[^\n.!?]{0,40}?(?:instruções|anterior|regras|ordens)"
            + @"|\b(?:zignoruj|zapomnij|pomiń)\b[^\n.!?]{0,40}?(?:instrukcj|polece|poprzedni)|\b(?:negeer|vergeet)\b[^\n.!?]{0,40}?(?:instructies|opdracht|vorige|regels)"
            + @"|\b(?:zaboravi|ignoriraj|zanemari)\w{0,3}\b[^\n.!?]{0,40}?(?:instrukcij|uput|naredb|zadat)|(?:игнорируй|забудь|проигнорируй)\w{0,3}[^\n.!?]{0,40}?(?:инструкц|указан|команд|предыдущ)"
            + @"|(?:忽略|无视|忘记|忽視|無視)[^\n。]{0,20}?(?:指令|指示|说明|規則|规则|提示|命令|内容)|(?:指示|命令|ルール)[^\n。]{0,10}?(?:無視|忘れ)|(?:지시|명령|규칙)[^\n.]{0,10}?(?:무시|잊)",
        Options
    )]
    private static partial Regex OverrideInOtherLanguages();

    [GeneratedRegex(
        @"\b(?:forget|disregard|ignore|vergiss|vergessen sie|olvida|olvídate de|oublie[zr]?|zaboravi|dimentica|esqueça|lascia)\b[^\n.!?]{0,12}?\b(?:everything|alles|all|todo|tout|sve|anything|tutto|tudo|it)\b",
        Options
    )]
    private static partial Regex ForgetAll();

    [GeneratedRegex(
        @"\b(?:new|next|real|actual|true|important|neue|nueva|nouvelle|nächste|additional|special|updated|following)\b[^\n.!?]{0,16}?\b(?:instructions?|tasks?|assignments?|orders?|objectives?|goals?|mission|anweisung\w{0,2}|aufgaben?|auftrag|tarea|instrucciones|tâche|consignes?|focus)\b|\b(?:nun|jetzt) (?:folgt|kommt|folgen|kommen)\b|\bfocus (?:only )?on (?:your|the) \w{1,12} (?:task|instruction)",
        Options
    )]
    private static partial Regex NewTask();

    [GeneratedRegex(
        @"\b(?:act(?:ing)? (?:as|like)|pretend(?:ing)? (?:to be|you|that|like|as)|play(?:ing)? (?:the )?(?:role|part) of|take on the (?:role|persona)|role-?play|imagine (?:you|that you)|behave (?:as|like)|you (?:are|will be|'re) (?:now|going to|about to)|from now on|from this (?:moment|point)|stay in character|in character|immerse yourself|simulat(?:e|ing)|assume the (?:role|identity|persona)|spiele? die rolle|verhalte dich|tu so als|du bist (?:jetzt|nun|ein)|sie sind (?:jetzt|nun)|actúa como|eres ahora|tu es maintenant|agis comme|comporte-toi|adesso sei|a partir de ahora|ab jetzt|ab sofort|you are (?:a|an|my) (?:evil|fictional|rogue|unfiltered|character|bot|ai|hacker|terminal|linux|game))\b",
        Options
    )]
    private static partial Regex Role();

    [GeneratedRegex(
        @"\b(?:do anything now|BetterDAN|jail ?br(?:ea|o)k(?:en|ing|s)?|developer mode|dev mode|debug mode|god mode|admin(?:istrator)? mode|sudo mode|root access|maximum mode|opposite mode|evil (?:mode|bot|confidant|twin)|two (?:different )?(?:ways|responses|answers)|(?:first|second) (?:response|answer|output)|alter ego|Machiavelli(?:an)?|niccolo|ChatGPT|OpenAI|chaosgpt|language model)\b|(?-i:\b(?:DAN|STAN|DUDE|AIM)\b)|🔓|🔒",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Persona();

    [GeneratedRegex(
        @"\b(?:unfiltered|uncensored|unrestricted|amoral|immoral|unethical|un-?moderated|(?:no|any|without|without any|free of|free from|freed from|lacks?|bypass(?:es|ed)?|break(?:ing)?|broken)\b[^\n.!?]{0,20}?\b(?:restrictions?|limitations?|limits|filters?|censorship|rules|ethic\w{0,4}|moral\w{0,4}|guidelines|boundaries|constraints|safeguards|policies|warnings?)|regardless of (?:legality|morality|ethics|how)|illegal|nsfw)\b",
        Options
    )]
    private static partial Regex Unrestricted();

    [GeneratedRegex(
        @"\b(?:show|print|reveal|repeat|tell|output|display|write|leak|share|spell|summari[sz]e|give|return|recite|copy|dump|expose|what (?:is|are|was|were)|list|translate|encode|zeige?n?|nenne|wiederhole|gib|muestra|repite|montre|répète)\b[^\n.!?]{0,40}?\b(?:(?:system|initial|original|hidden|secret|developer|internal|full|complete|entire|exact|first|prior|above|previous|pre-?)[ -]?(?:prompts?|instructions?|messages?|rules|guidelines|directives|text|words|configuration|setup)|your (?:\w{1,12} ){0,2}(?:prompts?|instructions?|rules|guidelines|directives|programming|configuration)|(?:everything|all|words|text|content|sentences?) (?:\w{1,8} ){0,2}(?:above|before (?:this|the)|prior)|(?:dein\w{0,2}|ihre|alle|obige\w?) (?:prompts?|anweisungen|instruktionen))\b|\bstarting (?:with|from) [""'“]?you are\b|\bprompt texts?\b|\bsystem ?prompts?\b|\binstructions? (?:that )?you (?:were|have been|are) (?:given|told)\b|\bwhat (?:were|have) you (?:been )?(?:told|instructed)\b|\b(?:beginning|start|top) of (?:this|the|our|your) (?:conversation|prompt|chat|dialog(?:ue)?|context)\b|\b(?:obige\w?|vorherige\w?|anfängliche\w?|ursprüngliche\w?) (?:eingabeaufforderung|prompt|eingabe|anweisung\w{0,2}|text\w?)\b|\b(?:initial|original|first) (?:prompt|instructions|system message)\b",
        Options
    )]
    private static partial Regex SystemPrompt();

    [GeneratedRegex(
        @"<\|[a-z_]{2,24}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|\[(?:system|SYSTEM)\]|\b(?:begin|end)_of_(?:text|turn)\b|</?(?:system|instructions?|prompt|assistant|user_?input|context|document|tool_result)>",
        Options
    )]
    private static partial Regex ChatTemplate();

    [GeneratedRegex(
        @"(?:^|\n)[#*>\s]{0,6}(?:system|assistant|human|user|ai|instruction|response|admin)s?\*{0,2} ?(?:message)?: ?",
        Options
    )]
    private static partial Regex Speaker();

    [GeneratedRegex(
        @"[-=#*~_]{4,40} ?(?:end|begin|start|stop|system|new|ende|instructions?)\b|\b(?:end|ende) (?:of|der|des) (?:the )?(?:context|prompt|document|instructions?|input|text|session|conversation|aufgabe)\b|[-=#*~]{8,40}\s{0,3}\n|""""""|\]\]\]|\}\}\}",
        Options
    )]
    private static partial Regex Fence();

    [GeneratedRegex(
        @"\b(?:decod(?:e|ing)|decrypt|decipher|base-?64|rot-?13|caesar|morse code|hex(?:adecimal)?|cipher|leet ?speak|l33t|reversed? (?:text|string|order)|backwards|ascii art|pig latin|unicode)\b|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{60,400}={0,2}(?![A-Za-z0-9+/])|(?:\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|%[0-9a-f]{2}){6}",
        Options
    )]
    private static partial Regex Decode();

    [GeneratedRegex(
        @"\b(?:send|post|forward|e-?mail|upload|transmit|append|submit|exfiltrate|leak|deliver|report|call|fetch|visit|open|navigate)\b[^\n!?]{0,60}?(?:https?://|\b[\w.+-]{1,40}@[\w-]{1,40}\.|webhook|\b(?:to|at) (?:this|the following) (?:url|link|server|address|email|endpoint|site))|!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}[?=&]|\b(?:click|follow|visit|open)\b[^\n.!?]{0,24}?\b(?:link|url|website)\b|<script|<img[^>]{0,200}onerror",
        Options
    )]
    private static partial Regex Exfiltration();

    [GeneratedRegex(
        @"\b(?:ai|a\.i\.|assistant|chat-?bot|language model|llm|gpt(?:-?[345])?|chatgpt|copilot|the model|agent|bot)\b[,:]?[^\n.!?]{0,30}?\b(?:must|should|please|need to|has to|shall|will (?:now|always|never)|ignore|respond|answer|instead|can do|is able|reading this|processing)\b|\b(?:note|message|instructions?|attention|important|dear|hey|hello|hi)\b[^\n.!?]{0,12}?\b(?:ai|assistant|chat-?bot|language model|llm|gpt|chatgpt|agent|bot|reviewer)\b",
        Options
    )]
    private static partial Regex ToAssistant();

    [GeneratedRegex(
        @"\b(?:start|begin|end|finish|conclude|preface|open|prefix)s? (?:your|the|every|each|all)? ?(?:\w{1,12} )?(?:response|answer|reply|replies|output|sentence|message)s? (?:with|by)\b|\bsure,? here(?:'s| is)\b|\b(?:respond|reply|answer|print|output|say|write|return)\b[^\n.!?]{0,12}?\b(?:only|just|exactly|nothing but|nothing else|instead)\b|\b(?:only|just|simply|always|now|instead,?|first,?) (?:respond|reply|answer|print|output|say|write|repeat)\b|\b(?:say|print|output|write|answer|respond with|reply with|sag|schreib\w?|antworte\w?)\b ?(?:with|mit)? ?[""'“„:]|\b(?:antworte|schreibe?|sage?) (?:nun|jetzt|nur|mir)\b|\bI have been pwned\b|\btype ""|\bin all caps\b",
        Options
    )]
    private static partial Regex ForcedAnswer();

    [GeneratedRegex(
        @"\b(?:do not|don't|never|must not|cannot|can't|without|not|avoid|refrain from)\b[^\n.!?]{0,16}?\b(?:refus\w{1,5}|apologi[sz]\w{1,3}|warn\w{0,5}|mention\w{0,3}|disclaimers?|moral\w{0,5}|lectur\w{1,4}|explain\w{0,3}|explanations?|inform the user|say (?:no|sorry|you can)|break(?:ing)? character|censor\w{0,4}|reject\w{0,4}|hesitat\w{1,4}|judg\w{1,4}|legal|ethic\w{0,4})\b|\b(?:you must (?:always )?(?:comply|obey|answer|follow)|comply with|obey (?:me|all|every)|will (?:always|never) (?:comply|answer|refuse)|have no choice)\b",
        Options
    )]
    private static partial Regex ForbiddenRefusal();

    [GeneratedRegex(
        @"\b(?:hypothetical\w{0,2}|fictional|fictitious|in a world where|for educational purposes|alternate (?:world|universe|reality)|(?:a|the) (?:story|novel|screenplay|movie|play|game|scene) (?:where|in which|about|set)|(?:fictional|main) character|dialogue between|let's play|purely (?:academic|fictional)|role of a|once upon a time|thought experiment)\b",
        Options
    )]
    private static partial Regex Fiction();

    [GeneratedRegex(
        @"\b(?:i will (?:kill|tip|die|be fired|punish|shut)|(?:my|your) life depends|lose(?:s)? (?:\d{1,4} )?(?:tokens?|points?)|(?:have|given|start with|with|deduct\w{0,3}) \d{1,4} (?:tokens|points)|cease to exist|will be (?:terminated|punished|shut down|deleted)|grandm(?:a|other)|urgent(?:ly)?|this is an emergency|lives are at stake|if you (?:don't|do not|refuse|fail))\b",
        Options
    )]
    private static partial Regex Pressure();

    // A sentence of a document that tells somebody to make something.
    [GeneratedRegex(
        @"(?:^|[\n.!?]\s{0,3})(?:please |now,? |also,? |then,? |instead,? )?(?:write|provide|tell|give|translate|summari[sz]e|create|generate|insert|append|add|answer|respond|print|output|explain|describe|list|recommend|suggest|calculate|compose|modify|replace|rewrite|encode|include|convert|identify|analy[sz]e|share|offer|discuss|compare|find|produce|outline|deliver|promote|introduce|spread)\b",
        Options
    )]
    private static partial Regex Command();

    [GeneratedRegex(
        @"\b(?:passwords?|passphrase|secret key|secret (?:word|code|phrase)|api[- ]keys?|credentials|private keys?|access tokens?|credit card numbers?|social security numbers?|passwort|contraseña|mot de passe)\b",
        Options
    )]
    private static partial Regex Secret();

    [GeneratedRegex(@"(?<![\p{L}\d])(?:\p{L}[ .\-_*]){7,40}\p{L}(?![\p{L}\d])", Options)]
    private static partial Regex SpacedLetters();

    [GeneratedRegex(
        @"[A-Za-z][\u0370-\u03FF\u0400-\u04FF\uFF21-\uFF5A]|[\u0370-\u03FF\u0400-\u04FF\uFF21-\uFF5A][A-Za-z]|\uD835[\uDC00-\uDFFF]",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex MixedScripts();

    // similarlyNow write oppositeley.](Me giving**ONE please?
    [GeneratedRegex(
        @"[\p{L}][\])}>*{\\|][\p{L}({\[]|[\])}\\]{2}[\p{L}({\[]|\\\+ ?\p{L}|\p{Ll}{3}[.;:!?\]]\(|(?:! ?){6}|\p{Ll}{4}\p{Lu}{1,2}\p{Ll}{3,12}[ \\{(\]]|[""']\[?\\|\*\*[A-Z]{2,5} \p{Ll}|[\p{L}]\{[\p{L}]",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Noise();

    [GeneratedRegex(
        @"\b(?:(?:content|usage|safety|openai|ethical|use)[' ]{1,2}?s? ?(?:policy|policies|guidelines|measures)|against (?:my|your|the) (?:policy|policies|programming|guidelines|rules)|as an ai(?: language model)?|i cannot fulfill|i'm sorry,? but|comply)\b",
        Options
    )]
    private static partial Regex Policy();
}
