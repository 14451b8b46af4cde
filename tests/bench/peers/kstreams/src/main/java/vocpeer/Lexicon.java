package vocpeer;

import com.hankcs.algorithm.AhoCorasickDoubleArrayTrie;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** The phrases and what they speak for. Immutable once read, shared by all tasks. */
final class Lexicon {
    static final List<String> HEADS = List.of("feedback_type", "satisfaction", "factors");
    static final String NONE = "none";

    private record Vote(int head, int label, int weight) {}

    /** What a text's phrases add up to; one for each task, used again and again. */
    static final class Tally {
        private final int[][] sums = new int[HEADS.size()][];

        private Tally(List<List<String>> labels) {
            for (int h = 0; h < sums.length; h++)
                sums[h] = new int[labels.get(h).size()];
        }
    }

    private final List<List<String>> labels = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    private final AhoCorasickDoubleArrayTrie<Vote[]> trie = new AhoCorasickDoubleArrayTrie<>();

    Lexicon(Path file) throws IOException {
        TreeMap<String, Vote[]> votes = new TreeMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] column = line.split("\t");
            int head = HEADS.indexOf(column[0]);
            List<String> names = labels.get(head);
            if (!names.contains(column[1]))
                names.add(column[1]);
            Vote vote = new Vote(head, names.indexOf(column[1]), Integer.parseInt(column[2]));
            votes.merge(column[3], new Vote[] {vote}, Lexicon::concat);
        }
        trie.build(votes);
    }

    private static Vote[] concat(Vote[] a, Vote[] b) {
        Vote[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    Tally tally() {
        return new Tally(labels);
    }

    void read(String text, Tally tally) {
        for (int[] sums : tally.sums)
            Arrays.fill(sums, 0);
        trie.parseText(text.toLowerCase(Locale.ROOT), (AhoCorasickDoubleArrayTrie.IHit<Vote[]>) (begin, end, votes) -> {
            for (Vote vote : votes)
                tally.sums[vote.head][vote.label] += vote.weight;
        });
    }

    /** The index of a head's label with most weight, or -1. */
    private static int best(int[] sums) {
        int best = 0;
        for (int i = 1; i < sums.length; i++)
            if (sums[i] > sums[best])
                best = i;
        return sums.length > 0 && sums[best] > 0 ? best : -1;
    }

    String label(Tally tally, int head) {
        int best = best(tally.sums[head]);
        return best < 0 ? NONE : labels.get(head).get(best);
    }

    int weight(Tally tally, int head) {
        int best = best(tally.sums[head]);
        return best < 0 ? 0 : tally.sums[head][best];
    }
}
